/// What to check out of a repository, as people write it.
package enum GitRevision: Equatable, Sendable {
    /// A whole commit id, in lower case.
    case commit(String)
    /// A full name of a ref: `refs/heads/main`, `refs/pull/7/head`, or `HEAD`.
    case ref(String)
    /// A branch or a tag, or the beginning of a commit id.
    case name(String)

    package init(_ text: String?) throws(GitError) {
        guard let text else {
            self = .ref("HEAD")
            return
        }
        let isHex = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
        }
        if isHex && (text.utf8.count == 40 || text.utf8.count == 64) {
            self = .commit(text.lowercased())
            return
        }
        if let reason = Self.problem(of: text) { throw .invalidRevision(revision: text, reason: reason) }
        self = text == "HEAD" || text.hasPrefix("refs/") ? .ref(text) : .name(text)
    }

    /// The rules of `git check-ref-format`, so that no name can mean anything but a name.
    private static func problem(of text: String) -> String? {
        if text.isEmpty { return "it is empty" }
        if text.hasPrefix("-") { return "it begins with `-`" }
        if text.utf8.count > 512 { return "it is longer than 512 bytes" }
        if text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
            return "it holds white space or a control character"
        }
        if let bad = text.first(where: { "~^:?*[\\".contains($0) }) { return "it holds `\(bad)`" }
        if text.contains("..") || text.contains("@{") || text.contains("//") { return "it holds `..`, `@{` or `//`" }
        if text.hasPrefix("/") || text.hasSuffix("/") || text.hasSuffix(".") { return "it begins or ends wrongly" }
        if text.split(separator: "/").contains(where: { $0.hasPrefix(".") || $0.hasSuffix(".lock") }) {
            return "a part of it begins with `.` or ends with `.lock`"
        }
        return nil
    }

    /// Whether the text could be the beginning of a commit id.
    var looksAbbreviated: Bool {
        guard case .name(let text) = self, (4...63).contains(text.utf8.count) else { return false }
        return text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
        }
    }
}
