internal import Controller
internal import Document
package import KubernetesAPI
package import Model
internal import Synchronization

/// The events that have been handled, which all replicas remember together for 7 days, in ConfigMaps.
///
/// A run's name keeps it from being made twice for as long as it is there; this is for events that come again when their
/// runs have been deleted. What a process has handled in its last seconds before it is killed isn't stored.
package final class HandledDeliveries: Sendable {
    static let configMaps = APIResource(group: "", version: "v1", plural: "configmaps")
    private static let interval = Duration.seconds(10)
    /// So many intervals after the last look at a shelf it looks what others have handled.
    private static let patience = 6
    /// How many shelves it looks at in one interval once all are known, so that they are spread over the time.
    private static let looks = (DeliveryBook.shelves + patience - 1) / patience
    /// Also what the end of a process waits for it at the most.
    private static let requestSeconds = 5.0

    private struct State {
        var book: DeliveryBook
        /// The intervals since each shelf was seen last; nil for one that was never seen.
        var ages = [Int?](repeating: nil, count: DeliveryBook.shelves)
        /// The shelves with which something is wrong, with the status that was answered, or 0 for no answer.
        var troubles: [Int: Int] = [:]

        var isKnown: Bool { !ages.contains(nil) }

        /// Notes that a shelf was seen. After the first time, when all are, the next ones are spread over the time.
        mutating func saw(_ shelf: Int) { ages[shelf] = ages[shelf] == nil ? shelf % patience : 0 }

        /// The shelves to look at now, those first that were not seen for the longest time.
        func toSee(but written: some Collection<Int>) -> [Int] {
            let unseen = ages.indices.filter { ages[$0] == nil && !written.contains($0) }
            if !isKnown { return unseen }
            let old = ages.indices.filter { (ages[$0] ?? 0) >= patience && !written.contains($0) }
            return Array(old.sorted { (-(ages[$0] ?? 0), $0) < (-(ages[$1] ?? 0), $1) }.prefix(looks))
        }
    }

    private let connection: any APIConnection
    private let namespace: String
    private let name: String
    private let clock: ClientClock
    private let wall: @Sendable () -> Timestamp
    private let warn: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: What the ConfigMaps' names begin with, before a dash and a number.
    ///   - warn: Is told what an operator may want to know, in whole sentences.
    package init(
        _ connection: any APIConnection, namespace: String, name: String, clock: ClientClock = .system,
        wall: @escaping @Sendable () -> Timestamp = Timestamp.current, warn: @escaping @Sendable (String) -> Void
    ) {
        self.connection = connection
        self.namespace = namespace
        self.name = name
        self.clock = clock
        self.wall = wall
        self.warn = warn
        let writer = String(UInt32.random(in: .min ... .max), radix: 36)
        let first = Int.random(in: 0..<DeliveryBook.shelves)
        state = Mutex(State(book: DeliveryBook(writer: writer, first: first)))
    }

    /// Whether it has been looked what others, or a former process, have handled. Where this process may not look, it has
    /// to do with what it handles itself.
    package var isKnown: Bool { state.withLock(\.isKnown) }

    package func contains(_ delivery: String) -> Bool { state.withLock { $0.book.contains(delivery) } }

    package func add(_ delivery: String) {
        let now = wall()
        state.withLock { $0.book.add(delivery, at: now) }
    }

    /// Stores what is new, and looks what others have handled, until the task is cancelled.
    package func run() async {
        repeat { await synchronise() } while await clock.sleep(isKnown ? Self.interval : .seconds(1))
    }

    /// Stores what is new, and looks from time to time.
    package func synchronise() async {
        let now = wall()
        let (changes, toSee) = state.withLock { state in
            for shelf in state.ages.indices { state.ages[shelf]? += 1 }
            let changes = state.book.changes(at: now)
            return (changes, state.toSee(but: changes.keys))
        }
        await withTaskGroup { group in
            for (shelf, changes) in changes { group.addTask { await self.synchronise(shelf, changes) } }
            for shelf in toSee { group.addTask { await self.synchronise(shelf, []) } }
        }
    }

    private func synchronise(_ shelf: Int, _ changes: [DeliveryBook.Change]) async {
        do throws(APIError) {
            let answer =
                if changes.isEmpty {
                    try await connection.send(APIRequest(.get, path(shelf), timeoutSeconds: Self.requestSeconds))
                } else {
                    try await store(changes, on: shelf)
                }
            let stored = Self.pages(answer)
            state.withLock { state in
                state.saw(shelf)
                state.troubles[shelf] = nil
                if let stored { state.book.read(stored, on: shelf) }
            }
        } catch {
            // There is none yet.
            let isMissing = changes.isEmpty && error.status?.code == 404
            let isNew = state.withLock { state in
                state.book.failed(changes)
                // What may pass is looked at again the next time.
                if let code = error.status?.code, code == 403 || code == 404 { state.saw(shelf) }
                let trouble = isMissing ? nil : error.status?.code ?? 0
                defer { state.troubles[shelf] = trouble }
                // A process that ends breaks off what it asks, and stores it with its last look.
                return trouble.map { !state.troubles.values.contains($0) && !Task.isCancelled } ?? false
            }
            if isNew {
                warn("deliveries are remembered in this process alone for now; configmap \(name(shelf)): \(error)")
            }
        }
    }

    private func name(_ shelf: Int) -> String { "\(name)-\(shelf)" }

    private func path(_ shelf: Int) -> String { Self.configMaps.path(namespace: namespace, name: name(shelf)) }

    /// Nil for an answer that can't be read.
    private static func pages(_ answer: [UInt8]) -> [String: String]? {
        guard let object = try? parseJSON(answer) else { return nil }
        let members = object["data"]?.members ?? []
        return Dictionary(members.compactMap { member in member.value.string.map { (member.key, $0) } }) { $1 }
    }

    private func store(_ changes: [DeliveryBook.Change], on shelf: Int) async throws(APIError) -> [UInt8] {
        let query = [APIRequest.Parameter("fieldManager", KubernetesStore.fieldManager)]
        do throws(APIError) {
            return try await connection.send(
                APIRequest(
                    .patch, path(shelf), query: query, body: Self.body(changes),
                    contentType: "application/merge-patch+json",
                    timeoutSeconds: Self.requestSeconds))
        } catch {
            guard error.status?.code == 404 else { throw error }
        }
        return try await connection.send(
            APIRequest(
                .post, Self.configMaps.path(namespace: namespace), query: query,
                body: Self.body(changes.filter { $0.text != nil }, name: name(shelf)),
                timeoutSeconds: Self.requestSeconds))
    }

    /// - Parameter name: Of an object that is to be made.
    private static func body(_ changes: [DeliveryBook.Change], name: String? = nil) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 1024)
        json.beginObject()
        if let name {
            json.member("apiVersion", "v1")
            json.member("kind", "ConfigMap")
            json.key("metadata")
            json.beginObject()
            json.member("name", name)
            json.endObject()
        }
        json.key("data")
        json.beginObject()
        for change in changes {
            json.key(change.page)
            if let text = change.text { json.string(text) } else { json.node(Node(.null)) }
        }
        json.endObject()
        json.endObject()
        return json.bytes
    }
}
