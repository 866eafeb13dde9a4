internal import Model

/// What somebody asks for in a comment on a pull request: a word at the beginning of a line.
enum CommentCommand: Equatable, Sendable {
    case retest
    case cancel
    /// Lets the run go that waits at exactly this commit. The beginning of an id won't do: another commit with the same
    /// beginning can be made within minutes, and pushed after somebody has looked.
    case okToTest(String)
    /// It is one of these, but not as it has to be written; what to write.
    case malformed(String)

    /// The commands of a comment, each once.
    static func all(in body: String) -> [CommentCommand] {
        var commands: [CommentCommand] = []
        for line in body.split(whereSeparator: \.isNewline) where line.hasPrefix("/") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard let command = command(words), !commands.contains(command), commands.count < 8 else { continue }
            commands.append(command)
        }
        return commands
    }

    private static func command(_ words: [Substring]) -> CommentCommand? {
        switch (words.first ?? "", words.count) {
        case ("/retest", _): .retest
        case ("/cancel", _): .cancel
        case ("/ok-to-test", 2) where CommitID.isFull(words[1].lowercased()): .okToTest(words[1].lowercased())
        case ("/ok-to-test", _): .malformed("write /ok-to-test and the commit's full id, all 40 digits of it")
        default: nil
        }
    }
}

/// The id of a commit.
enum CommitID {
    /// Whether it is a whole one, in lower case: 40 digits, or 64 of SHA-256.
    static func isFull(_ text: some StringProtocol) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64)
            && text.utf8.allSatisfy { digit in
                switch digit {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
                default: false
                }
            }
    }

    /// What GitHub writes where there is no commit.
    static func isNone(_ text: String) -> Bool { text.utf8.allSatisfy { $0 == UInt8(ascii: "0") } }
}
