import Document

/// A sequence or mapping whose end hasn't been read yet.
struct OpenCollection {
    enum Content {
        case sequence([Node])
        case mapping(OpenMapping)
    }

    let mark: Mark
    let anchor: String?
    /// How many nodes there were, itself included, when it began.
    let startCount: Int
    private var content: Content
    /// The greatest height among what it holds.
    private(set) var height = 0

    init(mark: Mark, anchor: String?, content: Content, startCount: Int) {
        self.mark = mark
        self.anchor = anchor
        self.content = content
        self.startCount = startCount
    }

    var mapping: OpenMapping? {
        if case .mapping(let mapping) = content { mapping } else { nil }
    }

    var node: Node {
        switch content {
        case .sequence(let elements): Node(.array(elements), mark: mark)
        case .mapping(let mapping): Node(.object(mapping.members), mark: mark)
        }
    }

    mutating func awaitMerged() {
        modifyMapping { $0.awaitMerged() }
    }

    /// Takes the next element, key or value; returns what is wrong with it.
    mutating func add(_ branch: Branch, meaning: ScalarMeaning?, isAlias: Bool, mark: Mark) -> YAMLProblem? {
        height = max(height, branch.height)
        if case .sequence(var elements) = content {
            // Moved out for the while, so that appending doesn't copy.
            content = .sequence([])
            elements.append(branch.node)
            content = .sequence(elements)
            return nil
        }
        return modifyMapping { mapping in
            mapping.expectsKey
                ? mapping.addKey(meaning, mark: mark) : mapping.addValue(branch.node, isAlias: isAlias, mark: mark)
        } ?? nil
    }

    @discardableResult
    private mutating func modifyMapping<Result>(_ change: (inout OpenMapping) -> Result) -> Result? {
        guard case .mapping(var mapping) = content else { return nil }
        // Moved out for the while, so that changes don't copy.
        content = .sequence([])
        defer { content = .mapping(mapping) }
        return change(&mapping)
    }
}

/// The entries of a mapping so far, and what comes next.
struct OpenMapping {
    private enum Next {
        case key
        case value(String, Mark)
        /// Of `<<`.
        case merged
        /// Of a key that can't be used.
        case dropped
    }

    private(set) var members: [Node.Member] = []
    /// The place of each entry, kept once there are many.
    private var places: [String: Int] = [:]
    /// For each entry, where it was written in this mapping itself, or nil if it only came by `<<`.
    private var written: [Mark?] = []
    private var next = Next.key

    var expectsKey: Bool {
        if case .key = next { true } else { false }
    }

    mutating func awaitMerged() {
        next = .merged
    }

    mutating func addKey(_ meaning: ScalarMeaning?, mark: Mark) -> YAMLProblem? {
        next = .dropped
        switch meaning {
        case nil:
            return YAMLProblem(
                mark, "a key must be a plain word or text, not a list or a mapping",
                hint: "put a value that begins with { or [ in quotes")
        case .null:
            return YAMLProblem(mark, "a key can't be empty or null", hint: "put it in quotes")
        case .some(let meaning):
            guard let key = meaning.keyText else {
                return YAMLProblem(mark, "this number is too large for a key", hint: "put it in quotes")
            }
            next = .value(key, mark)
            guard let place = place(of: key), let first = written[place] else { return nil }
            return YAMLProblem(mark, "the key \"\(key.excerpt)\" is already used in line \(first.line)")
        }
    }

    mutating func addValue(_ node: Node, isAlias: Bool, mark: Mark) -> YAMLProblem? {
        defer { next = .key }
        switch next {
        case .key, .dropped: return nil
        case .value(let key, let keyMark):
            let place = set(Node.Member(key: key, keyMark: keyMark, value: node))
            if written[place] == nil { written[place] = keyMark }
            return nil
        case .merged:
            switch node.value {
            case .object(let members):
                merge(members)
                return nil
            case .array(let elements) where !isAlias:
                let mappings = elements.map(\.members)
                guard !mappings.contains(nil) else { break }
                // The first one counts most, so it comes last.
                for members in mappings.reversed() { merge(members ?? []) }
                return nil
            default: break
            }
            return YAMLProblem(mark, "<< takes a mapping, an alias to one, or a list of these")
        }
    }

    /// Lays entries over those before, even over ones that are written in this mapping itself: so does kubectl, while
    /// YAML's specification wants it the other way round.
    private mutating func merge(_ members: [Node.Member]) {
        for member in members { set(member) }
    }

    @discardableResult
    private mutating func set(_ member: Node.Member) -> Int {
        if let place = place(of: member.key) {
            members[place] = member
            return place
        }
        members.append(member)
        written.append(nil)
        if !places.isEmpty { places[member.key] = members.count - 1 }
        return members.count - 1
    }

    /// A walk is quickest for the few entries that most mappings have.
    private mutating func place(of key: String) -> Int? {
        if members.count < 12 { return members.firstIndex { $0.key == key } }
        if places.isEmpty {
            for (place, member) in members.enumerated() { places[member.key] = place }
        }
        return places[key]
    }
}
