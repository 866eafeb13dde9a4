internal import AgentProtocol
internal import Glibc
internal import Logging
internal import Model

/// A file that holds a key, in PEM form.
struct KeyFile {
    private static let sizeLimit = 64 << 10

    let path: String

    /// The text, with who may read it besides its owner.
    private struct Content {
        var text: String
        var mode: mode_t
    }

    /// Reads a private key.
    ///
    /// - Parameter warn: is told what is unwise about the file and can't be called wrong.
    /// - Throws: `CommandFailure` that names the file: also where everybody on this machine may read it, or others may
    ///   write it.
    func signingKey(warn: (String) -> Void) throws -> SigningKey {
        let content = try read()
        let key = try named { () throws(KeyError) in try SigningKey(pem: content.text) }
        let mode = String(content.mode & 0o777, radix: 8)
        if content.mode & 0o027 != 0 {
            throw failure(
                "this private key can be read or changed by others (its mode is \(mode)): "
                    + "`chmod 600 \(path.shown(4096))`, or in Kubernetes `defaultMode: 0400`")
        }
        if content.mode & 0o040 != 0 { warn("\(path.shown(4096)): this private key can be read by its group") }
        return key
    }

    /// Reads public keys, one or more.
    ///
    /// - Throws: `CommandFailure` that names the file: also where others than its owner may change it, and so put a key
    ///   of their own in.
    func verifyingKeys(warn: (String) -> Void) throws -> [VerifyingKey] {
        let content = try read()
        let keys = try named { () throws(KeyError) in try VerifyingKey.all(pem: content.text) }
        if content.mode & 0o002 != 0 {
            throw failure("anybody can put another key into this file: `chmod 644 \(path.shown(4096))`")
        }
        if content.mode & 0o020 != 0 { warn("\(path.shown(4096)): this file of keys can be changed by its group") }
        return keys
    }

    /// The public keys of a file of either kind, whoever may read it.
    func publicHalves() throws -> [VerifyingKey] {
        let content = try read()
        return try named { () throws(KeyError) in
            do throws(KeyError) {
                return [try SigningKey(pem: content.text).publicKey]
            } catch {
                guard error == .isPublic else { throw error }
                return try VerifyingKey.all(pem: content.text)
            }
        }
    }

    /// Makes the file. One that is there is left alone, whatever it is.
    func create(_ text: String, mode: mode_t) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else {
            guard errno == EEXIST else { throw failure("can't be made: \(String(cString: strerror(errno)))") }
            throw failure("is there already, and keys are never overwritten; name another file or move it away")
        }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw broken() }
            rest = rest.dropFirst(count)
        }
        // Whatever the umask took away.
        guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else { throw broken() }
    }

    /// Takes away what has been written in part.
    private func broken() -> CommandFailure {
        let reason = String(cString: strerror(errno))
        unlink(path)
        return failure("can't be written: \(reason)")
    }

    private func read() throws -> Content {
        // Not to hang where it is a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw failure("can't be read: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw failure("is no regular file")
        }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= Self.sizeLimit {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("can't be read: \(String(cString: strerror(errno)))") }
            if count == 0 { return Content(text: String(decoding: bytes, as: UTF8.self), mode: status.st_mode) }
            bytes += piece[..<count]
        }
        throw failure("is too large for a key")
    }

    private func named<Value>(_ body: () throws(KeyError) -> Value) throws -> Value {
        do throws(KeyError) {
            return try body()
        } catch {
            throw failure(error.description)
        }
    }

    private func failure(_ message: String) -> CommandFailure {
        CommandFailure("\(path.shown(4096)): \(message)", code: CommandFailure.badInput)
    }
}

extension SettingValues {
    /// The key that `--signing-key` names.
    func signingKey(_ logger: Logger) throws -> SigningKey? {
        try text(Settings.signingKey).map { path in
            try KeyFile(path: path).signingKey { logger.warning("\($0)") }
        }
    }

    /// The keys that `--verify-key` names.
    func verifyKeys(_ logger: Logger) throws -> [VerifyingKey] {
        try value(Settings.verifyKey).texts.flatMap { path in
            try KeyFile(path: path).verifyingKeys { logger.warning("\($0)") }
        }
    }
}
