/// A pattern over names of branches and tags and over paths, as GitHub and `.gitignore` write them.
///
/// `*` stands for anything without a `/`, `**` for anything, `**/` also for no folder at all, `?` for one character
/// but `/`, `[abc]`, `[0-9]` and `[!x]` for one of a set; `\` takes what follows as it is. The whole text has to match,
/// upper and lower case are told apart.
package struct Glob: Equatable, Sendable {
    private enum Token: Equatable, Sendable {
        case character(Unicode.Scalar)
        case any
        case set([ClosedRange<UInt32>], isNegated: Bool)
        case star
        case everything
        /// `**/`, where a folder's name may begin. The next token stands for being within such a name.
        case folders
        case folder
    }

    private var tokens: [Token] = []
    /// How many tokens at the beginning are plain characters: most texts fail at these.
    private var plain = 0

    /// Reads a pattern.
    package static func parse(_ text: String) -> Result<Glob, TemplateError> {
        var glob = Glob()
        let scalars = Array(text.unicodeScalars)
        if scalars.first == "!" {
            return .failure(
                TemplateError(
                    message: "`\(text.shown())` can't be negated",
                    hint: "list what to leave out of paths in `pathsIgnore`; write `\\!` for a name that begins so"))
        }
        var place = 0
        while place < scalars.count {
            let scalar = scalars[place]
            place += 1
            switch scalar {
            case "?": glob.tokens.append(.any)
            case "*":
                let start = place - 1
                while place < scalars.count, scalars[place] == "*" { place += 1 }
                if place - start == 1 {
                    glob.tokens.append(.star)
                } else if start == 0 || scalars[start - 1] == "/", place < scalars.count, scalars[place] == "/" {
                    place += 1
                    glob.tokens += [.folders, .folder]
                } else {
                    glob.tokens.append(.everything)
                }
            case "[":
                switch set(in: scalars, from: place, of: text) {
                case .success(let (token, end)):
                    glob.tokens.append(token)
                    place = end
                case .failure(let error): return .failure(error)
                }
            case "\\":
                guard place < scalars.count else {
                    return .failure(
                        TemplateError(
                            message: "`\(text.shown())` ends with a `\\` that nothing follows",
                            hint: "write `\\\\` for a backslash"))
                }
                glob.tokens.append(.character(scalars[place]))
                place += 1
            default: glob.tokens.append(.character(scalar))
            }
        }
        glob.plain = glob.tokens.prefix { if case .character = $0 { true } else { false } }.count
        return .success(glob)
    }

    /// The set whose `[` stands before `start`, and where the pattern goes on. A `]` right at its beginning is one of
    /// the characters, as everywhere.
    private static func set(
        in scalars: [Unicode.Scalar], from start: Int, of text: String
    ) -> Result<(Token, Int), TemplateError> {
        var place = start
        let isNegated = place < scalars.count && (scalars[place] == "!" || scalars[place] == "^")
        if isNegated { place += 1 }
        let first = place
        var ranges: [ClosedRange<UInt32>] = []
        func character() -> Unicode.Scalar? {
            if place < scalars.count, scalars[place] == "\\" { place += 1 }
            guard place < scalars.count else { return nil }
            place += 1
            return scalars[place - 1]
        }
        while place < scalars.count, scalars[place] != "]" || place == first {
            guard let low = character() else { break }
            var high = low
            if place + 1 < scalars.count, scalars[place] == "-", scalars[place + 1] != "]" {
                place += 1
                guard let end = character() else { break }
                high = end
            }
            guard low <= high else {
                return .failure(
                    TemplateError(
                        message: "`\(text.shown())` has a range that ends before it begins",
                        hint: "write `[\(String(high).shown())-\(String(low).shown())]`"))
            }
            ranges.append(low.value...high.value)
        }
        guard place < scalars.count else {
            return .failure(
                TemplateError(
                    message: "`\(text.shown())` has a `[` without its `]`",
                    hint: "write `\\[` for a bracket that stands for itself"))
        }
        return .success((.set(ranges, isNegated: isNegated), place + 1))
    }

    /// Whether the whole text is one that the pattern stands for.
    ///
    /// All ways through the pattern are followed at once, so that the time grows with the lengths' product at most,
    /// whatever the pattern.
    package func matches(_ text: some StringProtocol) -> Bool {
        var rest = text.unicodeScalars[...]
        for token in tokens[..<plain] {
            guard case .character(let wanted) = token, rest.popFirst() == wanted else { return false }
        }
        if plain == tokens.count { return rest.isEmpty }
        var threads = Threads(count: tokens.count + 1)
        enter(plain, &threads)
        while let scalar = rest.popFirst() {
            guard !threads.places.isEmpty else { return false }
            let places = threads.places
            threads.begin()
            for place in places where place < tokens.count { step(place, over: scalar, &threads) }
        }
        return threads.places.contains(tokens.count)
    }

    /// Moves one way through the pattern past a character.
    private func step(_ place: Int, over scalar: Unicode.Scalar, _ threads: inout Threads) {
        switch tokens[place] {
        case .character(let wanted): if scalar == wanted { enter(place + 1, &threads) }
        case .any: if scalar != "/" { enter(place + 1, &threads) }
        case .set(let ranges, let isNegated):
            if scalar != "/", ranges.contains(where: { $0.contains(scalar.value) }) != isNegated {
                enter(place + 1, &threads)
            }
        case .star: if scalar != "/" { enter(place, &threads) }
        case .everything: enter(place, &threads)
        case .folders: if scalar != "/" { enter(place + 1, &threads) }
        case .folder: enter(scalar == "/" ? place - 1 : place, &threads)
        }
    }

    /// Adds a place, and those that it may be left for without a character.
    private func enter(_ place: Int, _ threads: inout Threads) {
        var place = place
        while threads.add(place), place < tokens.count {
            switch tokens[place] {
            case .star, .everything: place += 1
            case .folders: place += 2
            case .character, .any, .set, .folder: return
            }
        }
    }

    /// The places in the pattern that the text so far may have led to, each once.
    private struct Threads {
        private(set) var places: [Int] = []
        /// For each place the step in which it was added last.
        private var added: [Int]
        private var number = 1

        init(count: Int) {
            added = Array(repeating: 0, count: count)
        }

        mutating func begin() {
            places.removeAll(keepingCapacity: true)
            number += 1
        }

        mutating func add(_ place: Int) -> Bool {
            guard added[place] != number else { return false }
            added[place] = number
            places.append(place)
            return true
        }
    }
}
