internal import Glibc

/// A small file of the state folder, read and replaced as a whole.
struct StateFile: Sendable {
    let path: String

    /// The content, up to `limit` bytes; nil when there is no such file.
    func read(limit: Int = 65_536) throws(StateError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StateError(path, doing: "read")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &chunk, min(chunk.count, limit - bytes.count))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw StateError(path, doing: "read") }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// Puts new content in the place of the old: a reader sees the one or the other, never a part.
    func replace(with bytes: [UInt8]) throws(StateError) {
        let draft = try draft(bytes)
        guard rename(draft, path) == 0 else {
            let failure = StateError(path, doing: "replace")
            unlink(draft)
            throw failure
        }
    }

    /// Writes the file unless it is there already.
    func createIfMissing(_ bytes: [UInt8]) throws(StateError) {
        if access(path, F_OK) == 0 { return }
        let draft = try draft(bytes)
        defer { unlink(draft) }
        // A link, unlike a rename, leaves alone what another process has put there in the meantime.
        guard link(draft, path) == 0 || errno == EEXIST else { throw StateError(path, doing: "create") }
    }

    func remove() {
        unlink(path)
    }

    private func draft(_ bytes: [UInt8]) throws(StateError) -> String {
        let draft = "\(path).\(getpid()).\(RandomName.suffix(8))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StateError(path, doing: "write") }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            // In bounds: `written` never exceeds the count.
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let failure = StateError(path, doing: "write")
                unlink(draft)
                throw failure
            }
            written += count
        }
        return draft
    }
}
