/// What holds for the addresses that secrets are sent to.
enum URLRule {
    /// What is wrong with a URL, to follow its name in a sentence; nil when nothing is. It never shows the URL.
    static func complaint(about url: String) -> String? {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return "holds spaces or characters that no URL may"
        }
        let rest: Substring
        if url.hasPrefix("https://") {
            rest = url.dropFirst(8)
        } else if url.hasPrefix("http://") {
            rest = url.dropFirst(7)
            guard isLoopback(rest) else { return "has to begin with https://, since what is sent there is secret" }
        } else {
            return "has to begin with https://"
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.isEmpty { return "names no host" }
        if authority.contains("@") { return "must not hold a user or a password" }
        return rest.contains("#") ? "must not hold a #" : nil
    }

    /// Without slashes at the end.
    static func base(_ url: String) -> String {
        var url = Substring(url)
        while url.hasSuffix("/") { url = url.dropLast() }
        return String(url)
    }

    /// Whether a token can be sent as it is.
    static func isHeaderValue(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private static func isLoopback(_ rest: Substring) -> Bool {
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.hasPrefix("[::1]") { return authority.dropFirst(5).isEmpty || authority.hasPrefix("[::1]:") }
        let host = authority.prefix { $0 != ":" }
        return host == "localhost" || host == "127.0.0.1"
    }
}
