/// The same text for every way to write one repository's address: without scheme, user, `.git` and trailing slashes,
/// the host in lower case (`git@GitHub.com:acme/shop.git` → `github.com/acme/shop`).
package func normalisedRepository(_ url: String) -> String {
    var rest = url[...]
    var hasScheme = false
    if let colon = rest.firstIndex(of: ":"), rest[colon...].hasPrefix("://") {
        if rest[..<colon].lowercased() == "file" {
            hasScheme = true
            rest = rest[rest.index(colon, offsetBy: 3)...]
            return trimmed(String(rest))
        }
        hasScheme = true
        rest = rest[rest.index(colon, offsetBy: 3)...]
    }
    let hostEnd = rest.firstIndex { $0 == "/" } ?? rest.endIndex
    if let at = rest[..<hostEnd].lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    // scp's form, `host:path`, is the only one without a scheme that has a colon before the first slash.
    if !hasScheme, let colon = rest.firstIndex(where: { $0 == ":" || $0 == "/" }), rest[colon] == ":" {
        let path = rest[rest.index(after: colon)...].drop { $0 == "/" }
        return trimmed("\(rest[..<colon].lowercased())/\(path)")
    }
    guard let slash = rest.firstIndex(of: "/") else { return rest.lowercased() }
    if slash == rest.startIndex { return trimmed(String(rest)) }
    return trimmed(rest[..<slash].lowercased() + rest[slash...])
}

private func trimmed(_ text: String) -> String {
    var rest = text[...]
    while rest.utf8.count > 1, rest.hasSuffix("/") { rest = rest.dropLast() }
    if rest.hasSuffix(".git") { rest = rest.dropLast(4) }
    while rest.utf8.count > 1, rest.hasSuffix("/") { rest = rest.dropLast() }
    return String(rest)
}
