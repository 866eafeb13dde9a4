import Glibc

/// Why a file could not be read. Whether trying again can help depends on what somebody does about it meanwhile.
package struct YAMLFileError: Error, Equatable, Sendable, CustomStringConvertible {
    package var path: String
    /// What is wrong: a sentence that begins in lower case and has no full stop.
    package var message: String

    package init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    package var description: String { "\(path): error: \(message)" }
}

extension YAML {
    /// Reads the documents of a file; see `parse(_:limits:)`.
    package static func parse(path: String, limits: YAMLLimits = .manifests) throws(YAMLFileError) -> YAMLStream {
        parse(try read(path: path, limits: limits), limits: limits)
    }

    /// Reads a regular file, or one that a symbolic link leads to, of no more than `limits.bytes` bytes.
    ///
    /// Refuses larger files without reading them, and whatever else a path may name (pipes, devices, folders) without
    /// waiting for anything.
    package static func read(path: String, limits: YAMLLimits = .manifests) throws(YAMLFileError) -> [UInt8] {
        func failure(_ message: String) -> YAMLFileError { YAMLFileError(path: path, message: message) }
        guard !path.utf8.contains(0) else { throw failure("a path can't hold a zero byte") }

        // Looked at before it is opened, since opening a device may already do something.
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(reason(errno)) }
        if let refusal = refusal(of: status, limits) { throw failure(refusal) }

        // Not to hang, should a pipe have taken its place by now.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw failure(reason(errno)) }
        defer { close(descriptor) }
        guard fstat(descriptor, &status) == 0 else { throw failure(reason(errno)) }
        if let refusal = refusal(of: status, limits) { throw failure(refusal) }

        // One byte more than is allowed, for a file that is larger than it says (those in /proc say 0) or still grows.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(status.st_size) + 1)
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= limits.bytes {
            let wanted = min(chunk.count, limits.bytes + 1 - bytes.count)
            let count = Glibc.read(descriptor, &chunk, wanted)
            if count == 0 { return bytes }
            if count > 0 {
                bytes.append(contentsOf: chunk[..<count])
            } else if errno != EINTR {
                throw failure(reason(errno))
            }
        }
        throw failure(tooLarge(limits))
    }

    private static func refusal(of status: stat, _ limits: YAMLLimits) -> String? {
        switch status.st_mode & S_IFMT {
        case S_IFREG: status.st_size > limits.bytes ? tooLarge(limits) : nil
        case S_IFDIR: "this is a folder, not a file"
        case S_IFIFO: "this is a pipe, not a regular file"
        case S_IFSOCK: "this is a socket, not a regular file"
        default: "this is a device, not a regular file"
        }
    }

    private static func tooLarge(_ limits: YAMLLimits) -> String {
        "the file is larger than \(limits.bytes) bytes"
    }

    private static func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT: "there is no such file"
        case EACCES: "this process may not read it"
        default: "it can't be read: \(String(cString: strerror(code)))"
        }
    }
}
