internal import Controller
internal import Document
package import KubernetesAPI
package import Model
package import Planning
internal import Synchronization

/// Tells in Kubernetes Events how runs end, and what fails, is lost or tried again on the way: what `kubectl describe`
/// shows.
///
/// Nothing waits for it: what has been noted stays in a queue with a bound, beyond which it is dropped and counted.
/// Events are for people and expire after an hour; what counts is in the statuses.
package final class KubernetesEvents: ControllerObserver {
    package static let events = APIResource(group: "", version: "v1", plural: "events")
    private static let mostWaiting = 1000

    private struct Waiting: Sendable {
        var note: EventNote
        var subject: EventSeries.Subject
    }

    private struct State {
        var notes = EventNotes()
        var waiting: [Waiting] = []
        var dropped = 0
    }

    private let connection: any APIConnection
    private let instance: String
    private let clock: ClientClock
    private let wall: @Sendable () -> Timestamp
    private let mayAct: @Sendable () -> Bool
    private let warn: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - instance: Which of the controllers tells: a pod's name.
    ///   - warn: Is told what an operator may want to know, in whole sentences.
    package init(
        _ connection: any APIConnection, instance: String, clock: ClientClock = .system,
        wall: @escaping @Sendable () -> Timestamp = Timestamp.current,
        mayAct: @escaping @Sendable () -> Bool = { true }, warn: @escaping @Sendable (String) -> Void
    ) {
        self.connection = connection
        self.instance = instance
        self.clock = clock
        self.wall = wall
        self.mayAct = mayAct
        self.warn = warn
    }

    // MARK: ControllerObserver

    package func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {
        guard isStored else { return }
        let isNews = state.withLock { state in
            let notes = state.notes.notes(of: run, happenings)
            let room = Self.mostWaiting - state.waiting.count
            let subject = EventSeries.Subject(
                uid: run.uid, name: run.metadata.name, namespace: run.metadata.namespace ?? "default",
                resourceVersion: run.metadata.resourceVersion ?? "")
            for note in notes.prefix(max(0, room)) { state.waiting.append(Waiting(note: note, subject: subject)) }
            state.dropped += max(0, notes.count - max(0, room))
            return !notes.isEmpty
        }
        if isNews { signal.yield() }
    }

    // MARK: Sending

    /// Sends what is noted, one after the other, until the task is cancelled.
    package func run() async throws {
        var series = EventSeries()
        for await _ in signals {
            while let waiting = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) {
                try Task.checkCancellation()
                try await send(waiting, &series)
                tellDropped()
            }
        }
        try Task.checkCancellation()
    }

    private func send(_ waiting: Waiting, _ series: inout EventSeries) async throws {
        let entry: EventSeries.Entry
        switch series.decide(waiting.note, about: waiting.subject, at: clock.now(), wall: wall()) {
        case .create(let new): entry = new
        case .update(let old):
            switch await request(patch(old)) {
            case nil: return
            // Events expire; the series goes on in a new one.
            case let error? where error.status?.code == 404: entry = old
            case let error?: return drop(1, error)
            }
        case .drop: return drop(1, nil)
        }
        if let error = await request(creation(entry)), error.status?.code != 409 { drop(1, error) }
    }

    /// Nil when it was done.
    private func request(_ request: APIRequest) async -> APIError? {
        var last: APIError?
        for wait in [0, 1, 4] {
            guard await clock.sleep(.seconds(wait)), mayAct() else { break }
            do throws(APIError) {
                _ = try await connection.send(request)
                return nil
            } catch {
                last = error
                // Only what may pass by itself is tried again.
                if let code = error.status?.code, code < 500, code != 429 { return error }
            }
        }
        return last ?? .unreachable("this controller doesn't lead any more")
    }

    private func drop(_ count: Int, _ error: APIError?) {
        state.withLock { $0.dropped += count }
        if let error { complain(error) }
    }

    private let complaint = Mutex<String?>(nil)

    private func complain(_ error: APIError) {
        let problem = "Kubernetes Events can't be written: \(error)"
        let isNew = complaint.withLock { last in
            defer { last = problem }
            return last != problem
        }
        if isNew { warn(problem) }
    }

    /// Says how many were dropped, once the queue is empty: one sentence for a flood.
    private func tellDropped() {
        let dropped = state.withLock { state in
            guard state.waiting.isEmpty else { return 0 }
            defer { state.dropped = 0 }
            return state.dropped
        }
        if dropped > 0 { warn("\(dropped) Kubernetes Events were left out: too many at once, or refused") }
    }

    private func creation(_ entry: EventSeries.Entry) -> APIRequest {
        var json = JSONWriter(reservingCapacity: 1024)
        json.beginObject()
        json.member("apiVersion", "v1")
        json.member("kind", "Event")
        json.key("metadata")
        json.beginObject()
        json.member("name", entry.name)
        json.member("namespace", entry.subject.namespace)
        json.endObject()
        json.key("involvedObject")
        json.beginObject()
        json.member("apiVersion", Resource.apiVersion)
        json.member("kind", PipelineRun.kind)
        json.member("name", entry.subject.name)
        json.member("namespace", entry.subject.namespace)
        json.member("uid", entry.subject.uid)
        json.member("resourceVersion", entry.subject.resourceVersion)
        json.endObject()
        json.member("type", entry.note.kind.rawValue)
        json.member("reason", entry.note.reason)
        json.member("message", entry.note.message)
        json.key("source")
        json.beginObject()
        json.member("component", KubernetesStore.fieldManager)
        json.endObject()
        json.member("reportingComponent", KubernetesStore.fieldManager)
        json.member("reportingInstance", instance)
        json.member("count", entry.count)
        json.member("firstTimestamp", entry.first.time)
        json.member("lastTimestamp", entry.last.time)
        json.endObject()
        return APIRequest(.post, Self.events.path(namespace: entry.subject.namespace), body: json.bytes)
    }

    private func patch(_ entry: EventSeries.Entry) -> APIRequest {
        var json = JSONWriter()
        json.beginObject()
        json.member("count", entry.count)
        json.member("lastTimestamp", entry.last.time)
        json.endObject()
        return APIRequest(
            .patch, Self.events.path(namespace: entry.subject.namespace, name: entry.name), body: json.bytes,
            contentType: "application/merge-patch+json")
    }
}
