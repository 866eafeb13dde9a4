/// The address of a repository, checked so that it can't be taken for an option or for a command.
package struct GitURL: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// How git may reach a repository. Others (`ext::`, say) run commands.
    package enum Transport: String, CaseIterable, Sendable {
        case https, http, ssh, git, file
    }

    package let transport: Transport
    /// What git is given: without a password.
    package let text: String
    /// A password that was part of the address.
    package let password: GitCredentials?
    /// The same for all ways to write the address of one repository: without scheme, user and `.git`, the host in
    /// lower case.
    package let normalised: String
    /// Empty for a folder of this machine.
    package let host: String
    let path: String

    package var description: String { text }

    package init(_ address: String, allowing allowed: Set<Transport> = Set(Transport.allCases)) throws(GitError) {
        func refuse(_ reason: String) -> GitError {
            .invalidURL(url: Self.withoutPassword(address), reason: reason)
        }
        guard !address.isEmpty else { throw refuse("it is empty") }
        guard !address.hasPrefix("-") else { throw refuse("it begins with `-`") }
        guard address.utf8.count <= 2048 else { throw refuse("it is longer than 2048 bytes") }
        guard address.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw refuse("it holds white space or a control character")
        }

        let transport: Transport
        var authority = ""
        var path: String
        var isShort = false
        if let mark = Self.range(of: "://", in: address) {
            guard let known = Transport(rawValue: address[..<mark.lowerBound].lowercased()) else {
                throw refuse("`\(address[..<mark.lowerBound])` is no transport that is supported")
            }
            transport = known
            let rest = address[mark.upperBound...]
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            authority = String(rest[..<slash])
            path = String(rest[slash...])
        } else if address.hasPrefix("/") {
            transport = .file
            path = address
        } else if let colon = address.firstIndex(of: ":"), !address[..<colon].contains("/"),
            !address[colon...].hasPrefix("::")
        {
            transport = .ssh
            authority = String(address[..<colon])
            path = "/" + address[address.index(after: colon)...].drop { $0 == "/" }
            isShort = true
        } else {
            throw refuse("it is neither a URL nor an absolute path")
        }
        guard allowed.contains(transport) else { throw .transportNotAllowed(url: Self.withoutPassword(address)) }

        var user: String?
        var secret: String?
        if let at = authority.lastIndex(of: "@") {
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = parts.first.map(String.init)
            secret = parts.count > 1 ? String(parts[1]) : nil
            authority = String(authority[authority.index(after: at)...])
        }
        // ssh would take such a host for an option of its own.
        guard !authority.hasPrefix("-"), user?.hasPrefix("-") != true else { throw refuse("the host begins with `-`") }
        guard path.utf8.count > 1, !path.hasPrefix("/-") else { throw refuse("it names no repository") }
        if transport == .file {
            guard authority.isEmpty || authority.lowercased() == "localhost" else {
                throw refuse("a file URL has no host")
            }
            authority = ""
        } else if authority.isEmpty {
            throw refuse("it names no host")
        }

        self.transport = transport
        self.path = path
        host = authority.lowercased()
        password = secret.map { GitCredentials(username: Self.decoded(user ?? ""), password: Self.decoded($0)) }
        let login = secret == nil ? user.map { "\($0)@" } ?? "" : ""
        text =
            switch transport {
            case .file: path
            case .ssh where isShort: address
            default: "\(transport.rawValue)://\(login)\(authority)\(path)"
            }
        var bare = path[...]
        while bare.hasSuffix("/") { bare = bare.dropLast() }
        if bare.hasSuffix(".git") { bare = bare.dropLast(4) }
        normalised = "\(host)\(bare)"
    }

    /// For messages: a password never appears in one.
    private static func withoutPassword(_ address: String) -> String {
        guard let mark = range(of: "://", in: address) else { return address }
        let rest = address[mark.upperBound...]
        let authority = rest[..<(rest.firstIndex(of: "/") ?? rest.endIndex)]
        guard let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") else { return address }
        return "\(address[..<mark.upperBound])\(rest[rest.index(after: at)...])"
    }

    private static func range(of mark: String, in text: String) -> Range<String.Index>? {
        text.firstRange(of: mark)
    }

    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What a server asks for before it shows a repository.
package struct GitCredentials: Equatable, Hashable, Sendable {
    /// Servers that take tokens mostly accept any name with one.
    package var username: String
    package var password: String

    package init(username: String = "x-access-token", password: String) {
        self.username = username
        self.password = password
    }
}
