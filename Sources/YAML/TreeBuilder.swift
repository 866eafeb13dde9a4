import Document

/// Makes trees of events, without recursion, however deep they go.
///
/// Mistakes that leave the structure readable are noted and passed over; what remains in their place is of no
/// importance, since documents aren't used when there are problems.
struct TreeBuilder {
    private(set) var stream = YAMLStream()
    private(set) var isReading = true

    private let limits: YAMLLimits
    /// The sequences and mappings that are open, the innermost last.
    private var open: [OpenCollection] = []
    private var anchors: [String: Anchor] = [:]
    private var nodeCount = 0
    private var documentCount = 0

    /// Beyond this many, problems are likely to follow from each other.
    private static let mostProblems = 100

    init(limits: YAMLLimits) {
        self.limits = limits
    }

    mutating func handle(_ event: YAMLEvent) {
        switch event.kind {
        case .streamStart, .documentEnd: break
        case .streamEnd: isReading = false
        case .documentStart: beginDocument(event)
        case .alias(let name): alias(name, event)
        case .scalar(let scalar): self.scalar(scalar, event)
        case .sequenceStart(let tag): begin(.sequence([]), tag, expected: "seq", event)
        case .mappingStart(let tag): begin(.mapping(OpenMapping()), tag, expected: "map", event)
        case .sequenceEnd, .mappingEnd: end()
        }
    }

    /// Notes a problem after which nothing can be read any more.
    mutating func fail(_ problem: YAMLProblem) {
        stream.problems.append(problem)
        isReading = false
    }

    private mutating func note(_ mark: Mark, _ message: String, hint: String? = nil) {
        guard isReading else { return }
        guard stream.problems.count < Self.mostProblems else {
            return fail(YAMLProblem(mark, "there are more than \(Self.mostProblems) mistakes"))
        }
        stream.problems.append(YAMLProblem(mark, message, hint: hint))
    }

    // MARK: Events

    private mutating func beginDocument(_ event: YAMLEvent) {
        anchors = [:]
        documentCount += 1
        if documentCount > limits.documents {
            fail(YAMLProblem(event.mark, "there are more than \(limits.documents) documents"))
        }
    }

    private mutating func begin(
        _ content: OpenCollection.Content, _ tag: String?, expected: String, _ event: YAMLEvent
    ) {
        guard open.count < limits.depth else { return tooDeep(event.mark) }
        guard count(1, event.mark) else { return }
        if let tag, tag != ScalarMeaning.prefix + expected, tag != ScalarMeaning.nonSpecific {
            note(event.mark, "the tag \(ScalarMeaning.short(tag).excerpt) means nothing here", hint: "remove it")
        }
        if let name = event.anchor { anchors[name] = .open }
        open.append(OpenCollection(mark: event.mark, anchor: event.anchor, content: content, startCount: nodeCount))
    }

    private mutating func end() {
        guard let collection = open.popLast() else { return }
        let branch = Branch(
            node: collection.node, nodeCount: nodeCount - collection.startCount + 1, height: collection.height + 1)
        if let name = collection.anchor { anchors[name] = .complete(branch, nil) }
        add(branch, meaning: nil, isAlias: false, mark: collection.mark)
    }

    private mutating func scalar(_ scalar: YAMLScalar, _ event: YAMLEvent) {
        guard scalar.text.utf8.count <= limits.scalarBytes else {
            return fail(YAMLProblem(event.mark, "the text that begins here is larger than \(limits.scalarBytes) bytes"))
        }
        guard count(1, event.mark) else { return }
        if event.anchor == nil, isMergeKey(scalar) {
            open[open.count - 1].awaitMerged()
            return
        }
        var meaning = ScalarMeaning.null
        do {
            meaning = try ScalarMeaning(scalar)
        } catch {
            note(event.mark, error.message, hint: error.hint)
            meaning = error.meaning ?? .null
        }
        let node = Node(meaning, mark: event.mark, written: scalar.isPlain ? scalar.text : nil)
        let branch = Branch(node: node, nodeCount: 1, height: 0)
        if let name = event.anchor { anchors[name] = .complete(branch, meaning) }
        add(branch, meaning: meaning, isAlias: false, mark: event.mark)
    }

    private mutating func alias(_ name: String, _ event: YAMLEvent) {
        var branch = Branch(node: Node(.null, mark: event.mark), nodeCount: 1, height: 0)
        var meaning: ScalarMeaning? = .string(name)
        switch anchors[name] {
        case .complete(let known, let knownMeaning):
            branch = known
            meaning = knownMeaning
        case .open:
            note(event.mark, "the alias *\(name.excerpt) is inside what it stands for")
        case nil:
            note(
                event.mark, "there is no anchor &\(name.excerpt) before this alias in the same document",
                hint: "put a value that begins with * in quotes")
        }
        guard open.count + branch.height <= limits.depth else { return tooDeep(event.mark) }
        guard count(branch.nodeCount, event.mark) else { return }
        add(branch, meaning: meaning, isAlias: true, mark: event.mark)
    }

    private mutating func tooDeep(_ mark: Mark) {
        fail(YAMLProblem(mark, "this is nested more than \(limits.depth) deep"))
    }

    private mutating func count(_ more: Int, _ mark: Mark) -> Bool {
        nodeCount += more
        guard nodeCount > limits.nodes else { return true }
        let message = "from here on there are more than \(limits.nodes) values"
        fail(YAMLProblem(mark, message, hint: more > 1 ? "an alias counts as all that it stands for" : nil))
        return false
    }

    // MARK: Placing

    private func isMergeKey(_ scalar: YAMLScalar) -> Bool {
        guard scalar.text == "<<", let mapping = open.last?.mapping, mapping.expectsKey else { return false }
        return scalar.tag.map { $0 == ScalarMeaning.prefix + "merge" } ?? scalar.isPlain
    }

    /// Puts a finished value where it belongs: into the innermost open collection, or among the documents.
    ///
    /// - Parameter meaning: What a scalar means, for use as a key; nil for collections.
    private mutating func add(_ branch: Branch, meaning: ScalarMeaning?, isAlias: Bool, mark: Mark) {
        guard !open.isEmpty else {
            if let problem = valueProblem(meaning, mark) { note(problem.mark, problem.message, hint: problem.hint) }
            if branch.node.value != .null { stream.documents.append(branch.node) }
            return
        }
        let isKey = open[open.count - 1].mapping?.expectsKey == true
        if !isKey, let problem = valueProblem(meaning, mark) { note(problem.mark, problem.message, hint: problem.hint) }
        // In place: a copy for each element would take quadratic time.
        let problem = open[open.count - 1].add(branch, meaning: meaning, isAlias: isAlias, mark: mark)
        if let problem { note(problem.mark, problem.message, hint: problem.hint) }
    }

    private func valueProblem(_ meaning: ScalarMeaning?, _ mark: Mark) -> YAMLProblem? {
        guard case .double(let number) = meaning, !number.isFinite else { return nil }
        return YAMLProblem(
            mark, "JSON, and so Kubernetes, has no infinity and no NaN", hint: "put it in quotes if it is a text")
    }
}

/// A finished value and its size.
struct Branch {
    var node: Node
    /// Itself and all that it holds, aliases expanded.
    var nodeCount: Int
    /// How many collections are nested in it, itself included.
    var height: Int
}

/// What an alias may refer to.
enum Anchor {
    /// The collection isn't closed yet, so that an alias to it would be inside itself.
    case open
    /// The meaning is that of a scalar.
    case complete(Branch, ScalarMeaning?)
}

extension Node {
    init(_ meaning: ScalarMeaning, mark: Mark, written: String?) {
        self.init(meaning.value, mark: mark)
        if case .string = value { return }
        self.written = written.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension ScalarMeaning {
    /// As JSON would hold it: there `1e3` is a whole number like any other.
    fileprivate var value: Node.Value {
        switch self {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .unsigned(let number): .double(Double(number))
        case .double(let number) where !number.isFinite: .null
        case .double(let number): Node.Value(number: number)
        case .string(let text): .string(text)
        }
    }
}
