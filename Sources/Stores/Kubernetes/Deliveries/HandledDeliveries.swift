internal import Controller
internal import Document
package import KubernetesAPI
package import Model
internal import Synchronization

/// The events that have been handled, which all replicas remember together for 7 days, in a ConfigMap.
///
/// A run's name keeps it from being made twice for as long as it is there; this is for events that come again when their
/// runs have been deleted. What a process has handled in its last seconds before it is killed isn't stored.
package final class HandledDeliveries: Sendable {
    static let configMaps = APIResource(group: "", version: "v1", plural: "configmaps")
    private static let interval = Duration.seconds(10)
    /// So many intervals after the last look it looks what others have handled.
    private static let patience = 6
    /// Also what the end of a process waits for it at the most.
    private static let requestSeconds = 5.0

    private struct State {
        var book: DeliveryBook
        /// Since what is stored was seen last.
        var intervals = HandledDeliveries.patience
        var trouble: String?
        var isKnown = false
    }

    private let connection: any APIConnection
    private let namespace: String
    private let name: String
    private let clock: ClientClock
    private let wall: @Sendable () -> Timestamp
    private let warn: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: The ConfigMap's.
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
        state = Mutex(State(book: DeliveryBook(writer: writer)))
    }

    /// Whether it has been looked what others, or a former process, have handled. Where this process may not look, it has
    /// to do with what it handles itself.
    package var isKnown: Bool { state.withLock { $0.isKnown } }

    package func contains(_ delivery: String) -> Bool { state.withLock { $0.book.contains(delivery) } }

    package func add(_ delivery: String) {
        let now = wall()
        state.withLock { $0.book.add(delivery, at: now) }
    }

    /// Stores what is new, and looks what others have handled, until the task is cancelled.
    package func run() async {
        repeat { await synchronise() } while await clock.sleep(isKnown ? Self.interval : .seconds(1))
    }

    /// Stores what is new, else looks from time to time.
    package func synchronise() async {
        let now = wall()
        let (changes, looks) = state.withLock { state in
            state.intervals += 1
            return (state.book.changes(at: now), state.intervals > Self.patience)
        }
        do throws(APIError) {
            if !changes.isEmpty {
                take(try await store(changes))
            } else if looks {
                take(try await connection.send(APIRequest(.get, path, timeoutSeconds: Self.requestSeconds)))
            }
            state.withLock { state in
                state.trouble = nil
                state.isKnown = true
            }
        } catch {
            // There is none yet.
            let isMissing = changes.isEmpty && error.status?.code == 404
            let trouble = isMissing ? nil : error.description
            let isNew = state.withLock { state in
                state.book.failed(changes)
                // Where there was no answer it looks again the next time.
                if error.status != nil { (state.intervals, state.isKnown) = (0, true) }
                defer { state.trouble = trouble }
                // A process that ends breaks off what it asks, and stores it with its last look.
                return trouble != nil && state.trouble != trouble && !Task.isCancelled
            }
            if isNew, let trouble {
                warn("deliveries are remembered in this process alone for now; configmap \(name): \(trouble)")
            }
        }
    }

    private var path: String { Self.configMaps.path(namespace: namespace, name: name) }

    private func take(_ answer: [UInt8]) {
        guard let object = try? parseJSON(answer) else { return }
        let members = object["data"]?.members ?? []
        let stored = members.compactMap { member in member.value.string.map { (page: member.key, text: $0) } }
        state.withLock { state in
            state.intervals = 0
            state.book.read(stored)
        }
    }

    private func store(_ changes: [(page: String, text: String?)]) async throws(APIError) -> [UInt8] {
        let query = [APIRequest.Parameter("fieldManager", KubernetesStore.fieldManager)]
        do throws(APIError) {
            return try await connection.send(
                APIRequest(
                    .patch, path, query: query, body: Self.body(changes), contentType: "application/merge-patch+json",
                    timeoutSeconds: Self.requestSeconds))
        } catch {
            guard error.status?.code == 404 else { throw error }
        }
        return try await connection.send(
            APIRequest(
                .post, Self.configMaps.path(namespace: namespace), query: query,
                body: Self.body(changes.filter { $0.text != nil }, name: name), timeoutSeconds: Self.requestSeconds))
    }

    /// - Parameter name: Of an object that is to be made.
    private static func body(_ changes: [(page: String, text: String?)], name: String? = nil) -> [UInt8] {
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
