/// What a repository's URL says, and whether it may be used.
package enum RepositoryURL {
    /// A form in which two URLs of one repository are equal: `github.com/owner/name`.
    ///
    /// Scheme, user, `.git`, a trailing slash, the host's case and a scheme's own port don't count, and
    /// `git@host:a/b` equals `https://host/a/b`. The path's case counts, as it does to most hosts. A `file:` URL
    /// becomes its path.
    package static func normalised(_ url: String) -> String {
        let parts = Parts(url)
        var path = parts.path[...]
        func dropSlashes() {
            while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path = path.dropLast() }
        }
        dropSlashes()
        if path.hasSuffix(".git"), !path.hasSuffix("/.git"), path.utf8.count > 4 { path = path.dropLast(4) }
        dropSlashes()
        guard let host = parts.host, !host.isEmpty else { return String(path) }
        while path.utf8.first == UInt8(ascii: "/") { path = path.dropFirst() }
        let port = parts.port.flatMap { $0 == parts.scheme.flatMap(defaultPort) ? nil : ":\($0)" } ?? ""
        return "\(host.lowercased())\(port)" + (path.isEmpty ? "" : "/\(path)")
    }

    /// Whether the URL names a repository in the file system: `file:../repository`.
    package static func isFile(_ url: String) -> Bool {
        Parts(url).scheme == "file"
    }

    /// Why a URL can't be a repository's; nil when nothing is wrong with it.
    ///
    /// The message never holds the URL itself, since it may carry a password.
    package static func complaint(about url: String) -> TemplateError? {
        let schemes = "write https://, ssh://, http://, git:// or file:, or git@host:path"
        if url.utf8.first == UInt8(ascii: "-") {
            return TemplateError(message: "must not begin with `-`", hint: "git would take it for an option")
        }
        if url.unicodeScalars.contains(where: { $0.value < 0x21 || (0x7F...0xA0).contains($0.value) }) {
            return TemplateError(message: "must not hold spaces or control characters", hint: "write a space as %20")
        }
        let parts = Parts(url)
        guard let scheme = parts.scheme else {
            // `ext::command` and its like make git run a program.
            guard let host = parts.host, !host.isEmpty, !parts.path.isEmpty, !parts.path.hasPrefix(":") else {
                return TemplateError(
                    message: "is no URL of a repository",
                    hint: url.hasPrefix("/") || url.hasPrefix(".") ? "write file:\(url.shown())" : schemes)
            }
            return host.hasPrefix("-")
                ? TemplateError(message: "the host must not begin with `-`", hint: "ssh would take it for an option")
                : nil
        }
        switch scheme {
        case "file":
            return parts.path.isEmpty ? TemplateError(message: "has no path", hint: "write file:/path or file:.") : nil
        case "https", "http", "ssh", "git": break
        default:
            return TemplateError(message: "`\(scheme.shown(20))` is no scheme of a repository", hint: schemes)
        }
        guard let host = parts.host, !host.isEmpty else { return TemplateError(message: "has no host", hint: schemes) }
        if host.hasPrefix("-") {
            return TemplateError(message: "the host must not begin with `-`", hint: "ssh would take it for an option")
        }
        if parts.path.allSatisfy({ $0 == "/" }) {
            return TemplateError(message: "has no path", hint: "write the repository's path after the host")
        }
        if let user = parts.user, user.contains(":") || tokenPrefixes.contains(where: user.hasPrefix) {
            return TemplateError(
                message: "must not hold a password or token", hint: "keep it in a secret and name that as `credentials`"
            )
        }
        return nil
    }

    /// How the tokens of the well-known hosts begin; a user name alone is no secret.
    private static let tokenPrefixes = [
        "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "ATBB", "x-access-token",
    ]

    private static func defaultPort(of scheme: String) -> String? {
        switch scheme {
        case "https": "443"
        case "http": "80"
        case "ssh": "22"
        case "git": "9418"
        default: nil
        }
    }

    /// The parts of a URL, or of git's short form of ssh URLs.
    private struct Parts {
        var scheme: String?
        var user: String?
        var host: String?
        var port: String?
        var path: String

        init(_ url: String) {
            path = url
            guard var colon = url.firstIndex(of: ":") else { return }
            // The colons of an IPv6 address in ssh's short form: `git@[::1]:path`.
            if url[..<colon].contains("["), let bracket = url.firstIndex(of: "]"),
                let next = url[bracket...].firstIndex(of: ":"), !url[..<colon].contains("/")
            {
                colon = next
            }
            let before = url[..<colon]
            let after = url[url.index(after: colon)...]
            if after.hasPrefix("//") {
                scheme = before.lowercased()
                let rest = after.dropFirst(2)
                let slash = rest.firstIndex(of: "/") ?? rest.endIndex
                path = String(rest[slash...])
                take(authority: rest[..<slash])
                if scheme == "file" { host = nil }
            } else if before.lowercased() == "file" {
                scheme = "file"
                path = String(after)
            } else if !before.isEmpty, !before.contains("/"), !before.contains("\\") {
                // git's own rule: a colon before the first slash makes it host:path.
                take(authority: before)
                path = String(after)
            }
        }

        private mutating func take(authority: Substring) {
            var rest = authority
            if let at = rest.lastIndex(of: "@") {
                user = String(rest[..<at])
                rest = rest[rest.index(after: at)...]
            }
            // An IPv6 address has colons of its own, within brackets.
            let searched = rest.lastIndex(of: "]").map { rest[$0...] } ?? rest
            if let colon = searched.lastIndex(of: ":") {
                let digits = rest[rest.index(after: colon)...]
                port = digits.isEmpty ? nil : String(digits)
                rest = rest[..<colon]
            }
            host = String(rest)
        }
    }
}
