internal import CSupervisor
internal import Glibc

/// The few operations on files that the stages' folders need, without following what a script may have planted.
package enum FileSystem {
    /// Whether something is there; a symbolic link counts as what it points to.
    package static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    package static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Makes a folder and those above it that are missing.
    package static func makeFolder(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw SystemError("make the folder \(path)")
        }
        try makeFolder(String(path[..<slash]), mode: mode)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemError("make the folder \(path)") }
    }

    /// Writes a new file, replacing one that is there.
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws(SystemError) {
        let file = try OpenDescriptor.opening(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: mode)
        var written = 0
        while written < bytes.count {
            // In bounds: `written` never exceeds the count.
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(file.number, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw SystemError("write \(path)") }
            written += count
        }
        // The umask may have taken bits away.
        guard fchmod(file.number, mode) == 0 else { throw SystemError("chmod \(path)") }
    }

    /// A file's content up to `limit` bytes, and whether there was more. Refuses anything that is no regular file:
    /// a FIFO in its place would wait for ever, a symbolic link would show somebody else's file.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> (bytes: [UInt8], isCut: Bool) {
        let number = supervisor_open_regular(path, O_RDONLY)
        guard number >= 0 else { throw SystemError("read \(path)", code: -number) }
        let file = OpenDescriptor(number)
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let wanted = min(256 << 10, limit + 1 - bytes.count)
            var count = 0
            let piece = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
                count = Glibc.read(file.number, buffer.baseAddress, buffer.count)
                initialized = max(0, count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("read \(path)") }
            if count == 0 { break }
            bytes += piece
        }
        let isCut = bytes.count > limit
        if isCut { bytes.removeSubrange(limit...) }
        return (bytes, isCut)
    }

    /// The names in a folder, sorted; empty where there is no such folder.
    package static func names(in path: String, limit: Int = .max) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while names.count < limit, let entry = readdir(folder) {
            let name = entryName(entry)
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func entryName(_ entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafePointer(to: &entry.pointee.d_name) { name in
            // The C library ends the name with a zero within the field.
            name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
        }
    }
}

extension FileSystem {
    enum Kind { case file, folder, other }

    /// Without following a symbolic link.
    static func kind(_ path: String) -> Kind {
        var status = stat()
        guard lstat(path, &status) == 0 else { return .other }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }
}
