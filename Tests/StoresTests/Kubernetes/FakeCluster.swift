import Document
import KubernetesAPI
import Synchronization

/// An API server in memory: objects with versions, lists in pages, watches, conflicts, preconditions; and trouble where
/// a test wants it.
///
/// Each collection is known by its path without namespace. Versions are handed out as text that can't be taken for
/// ordered numbers.
final class FakeCluster: APIConnection {
    /// What a test does to a request before or instead of the server.
    enum Interference: Sendable {
        /// The server never sees it.
        case fail(APIError)
        /// The server acts, and the answer is lost.
        case loseAnswer
        /// The server acts when the gate opens.
        case holdBefore(Gate)
        /// The server acts at once, and answers when the gate opens.
        case holdAnswer(Gate)
    }

    /// Opens once.
    final class Gate: Sendable {
        private let (stream, continuation) = AsyncStream<Void>.makeStream()
        private let (arrivals, arrival) = AsyncStream<Void>.makeStream()

        func open() { continuation.finish() }
        /// Returns when a request waits at it.
        func reached() async { for await _ in arrivals {} }

        func pass() async {
            arrival.finish()
            for await _ in stream {}
        }
    }

    struct Stored: Sendable {
        var collection: String
        var namespace: String
        var name: String
        var node: Node
        var version: Int
    }

    struct Change: Sendable {
        var type: String
        var object: Stored
        var version: Int
    }

    struct State {
        var objects: [String: Stored] = [:]
        var changes: [Change] = []
        var version = 0
        var uids = 0
        /// Versions before it can't be watched from any more.
        var compacted = 0
        var rules: [Rule] = []
        var requests: [APIRequest] = []
        var watches: [Int: Watch] = [:]
        var nextWatch = 0
        var pageSize = Int.max
        /// Watches are shown nothing until it is set back.
        var isSilent = false
    }

    struct Rule: Sendable {
        var matches: @Sendable (APIRequest) -> Bool
        var interference: Interference
        var isLasting: Bool
    }

    let state = Mutex(State())

    // MARK: What a test does

    static func text(_ version: Int) -> String { "v\((version * 7919) % 100_003)-\(version)" }
    private static func number(_ text: String) -> Int { text.split(separator: "-").last.flatMap { Int($0) } ?? -1 }

    /// Interferes with the next request for which that holds.
    func next(_ interference: Interference, where matches: @escaping @Sendable (APIRequest) -> Bool) {
        state.withLock { $0.rules.append(Rule(matches: matches, interference: interference, isLasting: false)) }
    }

    /// Interferes with all requests for which that holds.
    func always(_ interference: Interference, where matches: @escaping @Sendable (APIRequest) -> Bool) {
        state.withLock { $0.rules.append(Rule(matches: matches, interference: interference, isLasting: true)) }
    }

    var requests: [APIRequest] { state.withLock { $0.requests } }
    func requests(_ method: APIRequest.Method, _ suffix: String = "") -> [APIRequest] {
        requests.filter { $0.method == method && $0.path.hasSuffix(suffix) }
    }

    /// Makes an object as a user does.
    @discardableResult
    func apply(_ collection: String, _ namespace: String, _ name: String, _ json: String) -> Node {
        let body = (try? parseJSON(json)) ?? Node(.null)
        return state.withLock { state in
            let key = Self.key(collection, namespace, name)
            let former = state.objects[key]
            var node = body
            if let former {
                node = former.node.replacing("spec", with: body["spec"] ?? Node(.null))
                if let metadata = body["metadata"]?.members {
                    for member in metadata { node = node.replacing("metadata", member.key, with: member.value) }
                }
                let generation = former.node["metadata"]?["generation"]?.int ?? 1
                node = node.replacing("metadata", "generation", with: Node(.int(generation + 1)))
            } else {
                state.uids += 1
                node = node.replacing("metadata", "uid", with: Node(.string("uid-\(state.uids)")))
                    .replacing("metadata", "generation", with: Node(.int(1)))
                    .replacing("metadata", "creationTimestamp", with: Node(.string("2026-11-22T10:00:00Z")))
                    .replacing("metadata", "managedFields", with: Node(.array([Node(.object([]))])))
            }
            return put(collection, namespace, name, node, &state).node
        }
    }

    /// Deletes an object as a user does.
    func delete(_ collection: String, _ namespace: String, _ name: String) {
        state.withLock { remove(Self.key(collection, namespace, name), &$0) }
    }

    func object(_ collection: String, _ namespace: String, _ name: String) -> Node? {
        state.withLock { $0.objects[Self.key(collection, namespace, name)]?.node }
    }

    /// Ends all watches as a broken connection does, in the middle of what they were about to say.
    func cutWatches() {
        let watches = state.withLock { state in
            defer { state.watches = [:] }
            return state.watches.keys.sorted().compactMap { state.watches[$0] }
        }
        for watch in watches { watch.cut() }
    }

    /// Forgets old versions: watches from before get a 410.
    func compact() {
        state.withLock { state in
            // Something else was written too.
            state.version += 1
            state.compacted = state.version
        }
    }

    /// Holds back what watches show, and shows it when it is let go.
    func silence(_ isSilent: Bool) {
        state.withLock { state in
            state.isSilent = isSilent
            if !isSilent { flush(&state) }
        }
    }

    /// Waits until what a test looks for is there.
    func until(_ holds: @escaping @Sendable (FakeCluster) -> Bool) async {
        while !holds(self) {
            await Task.yield()
            if Task.isCancelled { return }
        }
    }

    // MARK: The server

    private static func key(_ collection: String, _ namespace: String, _ name: String) -> String {
        "\(collection)|\(namespace)|\(name)"
    }

    private func put(
        _ collection: String, _ namespace: String, _ name: String, _ node: Node, _ state: inout State
    ) -> Stored {
        state.version += 1
        let key = Self.key(collection, namespace, name)
        let isNew = state.objects[key] == nil
        let node = node.replacing("metadata", "name", with: Node(.string(name)))
            .replacing("metadata", "namespace", with: Node(.string(namespace)))
            .replacing("metadata", "resourceVersion", with: Node(.string(Self.text(state.version))))
        let stored = Stored(
            collection: collection, namespace: namespace, name: name, node: node, version: state.version)
        state.objects[key] = stored
        state.changes.append(Change(type: isNew ? "ADDED" : "MODIFIED", object: stored, version: state.version))
        flush(&state)
        return stored
    }

    private func remove(_ key: String, _ state: inout State) {
        guard var stored = state.objects.removeValue(forKey: key) else { return }
        state.version += 1
        stored.node = stored.node.replacing(
            "metadata", "resourceVersion", with: Node(.string(Self.text(state.version))))
        state.changes.append(Change(type: "DELETED", object: stored, version: state.version))
        flush(&state)
    }

    private func flush(_ state: inout State) {
        guard !state.isSilent else { return }
        for number in state.watches.keys.sorted() { state.watches[number]?.show(state.changes) }
    }

    private struct Place {
        var collection: String
        var namespace: String?
        var name: String?
        var subresource: String?

        /// `/apis/martlet.dev/v1alpha1/namespaces/team/pipelineruns/x/status`
        init(_ path: String) {
            var parts = path.split(separator: "/").map(String.init)
            var head = Array(parts.prefix(parts.first == "api" ? 2 : 3))
            parts.removeFirst(head.count)
            if parts.first == "namespaces", parts.count >= 3 {
                namespace = parts[1]
                parts.removeFirst(2)
            }
            head.append(parts.removeFirst())
            collection = head.last ?? ""
            name = parts.first
            subresource = parts.count > 1 ? parts[1] : nil
        }
    }

    func send(_ request: APIRequest) async throws(APIError) -> [UInt8] {
        switch interference(with: request) {
        case .fail(let error): throw error
        case .loseAnswer:
            _ = try answer(request)
            throw .unreachable("the answer was lost")
        case .holdBefore(let gate):
            await gate.pass()
            return try answer(request)
        case .holdAnswer(let gate):
            let result: Result<[UInt8], APIError>
            do throws(APIError) { result = .success(try answer(request)) } catch { result = .failure(error) }
            await gate.pass()
            return try result.get()
        case nil: return try answer(request)
        }
    }

    private func interference(with request: APIRequest) -> Interference? {
        state.withLock { state in
            state.requests.append(request)
            guard let place = state.rules.firstIndex(where: { $0.matches(request) }) else { return nil }
            let rule = state.rules[place]
            if !rule.isLasting { state.rules.remove(at: place) }
            return rule.interference
        }
    }

    private func answer(_ request: APIRequest) throws(APIError) -> [UInt8] {
        let place = Place(request.path)
        let result: Result<Node, APIError> = state.withLock { state in
            switch (request.method, place.name) {
            case (.get, nil): list(place, request, state)
            case (.get, let name?): find(place, name, state).map(\.node)
            case (.post, _): create(place, request, &state)
            case (.put, let name?): update(place, name, request, &state)
            case (.patch, let name?): patch(place, name, request, &state)
            case (.delete, let name?): delete(place, name, request, &state)
            default: .failure(.refused(APIStatus(code: 405)))
            }
        }
        return Array(try result.get().json().utf8)
    }

    private func find(_ place: Place, _ name: String, _ state: State) -> Result<Stored, APIError> {
        if let stored = state.objects[Self.key(place.collection, place.namespace ?? "", name)] {
            return .success(stored)
        }
        return .failure(
            .refused(APIStatus(code: 404, reason: "NotFound", message: "\(place.collection) \"\(name)\" not found")))
    }

    private func list(_ place: Place, _ request: APIRequest, _ state: State) -> Result<Node, APIError> {
        let all = state.objects.values
            .filter { $0.collection == place.collection && (place.namespace ?? $0.namespace) == $0.namespace }
            .sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
        let from = request["continue"].flatMap { Int($0) } ?? 0
        let size = min(request["limit"].flatMap { Int($0) } ?? .max, state.pageSize)
        let page = all.dropFirst(from).prefix(size)
        let end = from + page.count
        return .success(
            Node(object: [
                "metadata": Node(object: [
                    "resourceVersion": Node(.string(Self.text(state.version))),
                    "continue": Node(.string(end < all.count ? "\(end)" : "")),
                ]),
                "items": Node(.array(page.map(\.node))),
            ]))
    }

    private static func conflict(_ message: String) -> APIError {
        .refused(APIStatus(code: 409, reason: "Conflict", message: message))
    }

    private func create(_ place: Place, _ request: APIRequest, _ state: inout State) -> Result<Node, APIError> {
        guard let body = request.node, let name = body["metadata"]?["name"]?.string else {
            return .failure(.refused(APIStatus(code: 400, reason: "BadRequest", message: "no name")))
        }
        if state.objects[Self.key(place.collection, place.namespace ?? "", name)] != nil {
            return .failure(
                .refused(APIStatus(code: 409, reason: "AlreadyExists", message: "\"\(name)\" already exists")))
        }
        state.uids += 1
        let node = body.replacing("metadata", "uid", with: Node(.string("uid-\(state.uids)")))
        return .success(put(place.collection, place.namespace ?? "", name, node, &state).node)
    }

    private func update(
        _ place: Place, _ name: String, _ request: APIRequest, _ state: inout State
    ) -> Result<Node, APIError> {
        let stored: Stored
        switch find(place, name, state) {
        case .success(let found): stored = found
        case .failure(let error): return .failure(error)
        }
        guard let body = request.node else { return .failure(.refused(APIStatus(code: 400))) }
        let metadata = body["metadata"]
        if let version = metadata?["resourceVersion"]?.string, version != Self.text(stored.version) {
            return .failure(Self.conflict("the object has been modified"))
        }
        if let uid = metadata?["uid"]?.string, uid != stored.node["metadata"]?["uid"]?.string {
            return .failure(Self.conflict("Precondition failed: UID in precondition"))
        }
        var node = body
        if place.subresource == "status" {
            node = stored.node.replacing("status", with: body["status"] ?? Node(.null))
        } else {
            node = node.replacing("metadata", "uid", with: stored.node["metadata"]?["uid"] ?? Node(.null))
        }
        // An update that changes nothing makes no new version.
        if node.replacing("metadata", "resourceVersion", with: Node(.null))
            == stored.node.replacing("metadata", "resourceVersion", with: Node(.null))
        {
            return .success(stored.node)
        }
        return .success(put(place.collection, place.namespace ?? "", name, node, &state).node)
    }

    private func patch(
        _ place: Place, _ name: String, _ request: APIRequest, _ state: inout State
    ) -> Result<Node, APIError> {
        let stored: Stored
        switch find(place, name, state) {
        case .success(let found): stored = found
        case .failure(let error): return .failure(error)
        }
        let metadata = request.node?["metadata"]
        if let version = metadata?["resourceVersion"]?.string, version != Self.text(stored.version) {
            return .failure(Self.conflict("the object has been modified"))
        }
        let node = stored.node.merged(with: request.node ?? Node(.null))
        return .success(put(place.collection, place.namespace ?? "", name, node, &state).node)
    }

    private func delete(
        _ place: Place, _ name: String, _ request: APIRequest, _ state: inout State
    ) -> Result<Node, APIError> {
        let stored: Stored
        switch find(place, name, state) {
        case .success(let found): stored = found
        case .failure(let error): return .failure(error)
        }
        let preconditions = request.node?["preconditions"]
        if let uid = preconditions?["uid"]?.string, uid != stored.node["metadata"]?["uid"]?.string {
            return .failure(Self.conflict("the UID in the precondition is another"))
        }
        if let version = preconditions?["resourceVersion"]?.string, version != Self.text(stored.version) {
            return .failure(Self.conflict("the ResourceVersion in the precondition is another"))
        }
        remove(Self.key(place.collection, place.namespace ?? "", name), &state)
        return .success(Node(object: ["kind": Node(.string("Status"))]))
    }

    // MARK: Watches

    func stream(_ request: APIRequest) async throws(APIError) -> any APIStream {
        switch interference(with: request) {
        case .fail(let error): throw error
        case .holdBefore(let gate), .holdAnswer(let gate): await gate.pass()
        case .loseAnswer: throw .unreachable("the answer was lost")
        case nil: break
        }
        let place = Place(request.path)
        let from = Self.number(request["resourceVersion"] ?? "")
        let watch = state.withLock { state -> Watch? in
            if from < state.compacted { return nil }
            let watch = Watch(place.collection, place.namespace, after: from)
            state.nextWatch += 1
            state.watches[state.nextWatch] = watch
            if !state.isSilent { watch.show(state.changes) }
            return watch
        }
        guard let watch else {
            throw .refused(APIStatus(code: 410, reason: "Expired", message: "too old resource version"))
        }
        return watch
    }

    final class Watch: APIStream {
        private let collection: String
        private let namespace: String?
        private let shown: Mutex<Int>
        private let stream: AsyncStream<[UInt8]?>
        private let continuation: AsyncStream<[UInt8]?>.Continuation

        init(_ collection: String, _ namespace: String?, after version: Int) {
            self.collection = collection
            self.namespace = namespace
            shown = Mutex(version)
            (stream, continuation) = AsyncStream.makeStream()
        }

        func show(_ changes: [Change]) {
            for change in changes where change.version > shown.withLock({ $0 }) {
                shown.withLock { $0 = change.version }
                guard change.object.collection == collection,
                    (namespace ?? change.object.namespace) == change.object.namespace
                else { continue }
                let line =
                    Node(object: ["type": Node(.string(change.type)), "object": change.object.node]).json() + "\n"
                // In two pieces, as networks do.
                let bytes = Array(line.utf8)
                continuation.yield(Array(bytes.prefix(bytes.count / 2)))
                continuation.yield(Array(bytes.dropFirst(bytes.count / 2)))
            }
        }

        func say(_ bytes: [UInt8]) { continuation.yield(bytes) }

        func cut() {
            continuation.yield(Array(#"{"type":"MODIF"#.utf8))
            continuation.yield(nil)
        }

        func next() async throws(APIError) -> [UInt8]? {
            for await bytes in stream {
                guard let bytes else { throw .unreachable("the connection was reset") }
                return bytes
            }
            return nil
        }

        func cancel() { continuation.finish() }
    }
}

extension APIRequest {
    subscript(parameter: String) -> String? { query.first { $0.name == parameter }?.value }
    var node: Node? { body.flatMap { try? parseJSON($0) } }
}

extension Node {
    init(object: KeyValuePairs<String, Node>) {
        self.init(.object(object.map { Node.Member(key: $0.key, value: $0.value) }))
    }

    func replacing(_ key: String, with value: Node) -> Node {
        var members = members ?? []
        members.removeAll { $0.key == key }
        if value.value != .null { members.append(Node.Member(key: key, value: value)) }
        return Node(.object(members))
    }

    func replacing(_ key: String, _ inner: String, with value: Node) -> Node {
        replacing(key, with: (self[key] ?? Node(.object([]))).replacing(inner, with: value))
    }
}

extension Node {
    /// As a merge patch has it (RFC 7386), but for its deletions.
    fileprivate func merged(with patch: Node) -> Node {
        guard let changes = patch.members else { return patch }
        var node = members == nil ? Node(object: [:]) : self
        for change in changes {
            node = node.replacing(change.key, with: (node[change.key] ?? Node(.null)).merged(with: change.value))
        }
        return node
    }
}
