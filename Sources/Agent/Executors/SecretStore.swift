package import Execution
internal import Glibc
internal import Model

/// The secrets that the operator has given to this agent, by name. Their values never leave this process but into the
/// stages that may have them.
///
/// A secret is a file `<folder>/<name>`, or a folder of that name as Kubernetes mounts one, or the agent's own
/// environment variable `MARTLET_SECRET_<NAME>` (in capitals, with `_` for whatever is no letter or digit).
package struct SecretStore: Sendable {
    private static let sizeLimit = 1 << 20

    private let folder: String?
    private let environment: [String: String]

    package init(folder: String?, environment: [String: String]) {
        self.folder = folder
        self.environment = environment
    }

    /// Why a secret can't be had, in words for its user.
    package struct Missing: Error, Sendable, CustomStringConvertible {
        package var description: String
    }

    /// A secret's value: of a folder, its file `value`, or the only one in it.
    package func value(of name: String) throws(Missing) -> [UInt8] {
        if let folder = safeFolder(name) {
            if let bytes = read("\(folder)/\(name)") { return bytes }
            let keys = keys(in: "\(folder)/\(name)")
            if let key = keys.contains("value") ? "value" : keys.count == 1 ? keys.first : nil,
                let bytes = read("\(folder)/\(name)/\(key)")
            {
                return bytes
            }
            if keys.count > 1 {
                throw Missing(
                    description:
                        "the agent's secret `\(name)` has several keys (\(keys.joined(separator: ", "))) and none is `value`"
                )
            }
        }
        if let text = environment[Self.variable(name)] { return Array(text.utf8) }
        throw Missing(
            description: "the agent has no secret `\(name)` (set its variable \(Self.variable(name))"
                + (folder == nil ? ", or start it with --secrets-dir)" : ", or put it into its secrets folder)"))
    }

    /// A secret for a repository: a folder with `username` and `password` (or `token`), or a value that is `user:password`
    /// or a token.
    package func credentials(of name: String) throws(Missing) -> GitCredentials {
        if let folder = safeFolder(name),
            let password = text("\(folder)/\(name)/password") ?? text("\(folder)/\(name)/token")
        {
            return text("\(folder)/\(name)/username").map { GitCredentials(username: $0, password: password) }
                ?? GitCredentials(password: password)
        }
        let value = Self.trimmed(String(decoding: try value(of: name), as: UTF8.self))
        guard let colon = value.firstIndex(of: ":") else { return GitCredentials(password: value) }
        return GitCredentials(username: String(value[..<colon]), password: String(value[value.index(after: colon)...]))
    }

    static func variable(_ name: String) -> String {
        "MARTLET_SECRET_"
            + String(
                name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    /// A file ends with a line feed that is no part of what people mean.
    static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let last = text.unicodeScalars.last, last == "\n" || last == "\r" { text.unicodeScalars.removeLast() }
        return String(text)
    }

    private func safeFolder(_ name: String) -> String? {
        guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/") else { return nil }
        return folder
    }

    private func keys(in path: String) -> [String] {
        // Kubernetes keeps the real files in folders that begin with dots.
        FileSystem.names(in: path, limit: 64).filter { !$0.hasPrefix(".") }
    }

    private func text(_ path: String) -> String? {
        read(path).map { Self.trimmed(String(decoding: $0, as: UTF8.self)) }
    }

    /// Follows symbolic links, of which Kubernetes' mounts are made: this folder is the operator's.
    private func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.sizeLimit
        else { return nil }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= Self.sizeLimit {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
        return nil
    }
}
