package import Controller
internal import Document
package import KubernetesAPI
package import Model
internal import Synchronization

/// Contends for a Lease, and holds it while something runs: does what a `Leadership` says.
///
/// Guarantees: those of `Leadership`, by a clock that counts suspend. What runs under the lease has ended before the
/// lease is given back.
package final class LeaseElection: Sendable {
    package static let leases = APIResource(group: "coordination.k8s.io", version: "v1", plural: "leases")

    package enum State: Equatable, Sendable {
        /// Somebody else leads, or nobody yet.
        case standby(holder: String)
        case leading
        case lost
    }

    private struct Shared {
        var leadership: Leadership
        /// As read or written last.
        var record: LeaseRecord?
        var isReleased = false
        var told: State?
        var trouble: String?
    }

    private let connection: any APIConnection
    private let namespace: String
    private let name: String
    private let times: Leadership.Times
    private let clock: ClientClock
    private let wall: @Sendable () -> Timestamp
    private let report: @Sendable (State) -> Void
    private let warn: @Sendable (String) -> Void
    private let shared: Mutex<Shared>

    /// - Parameters:
    ///   - identity: Names this process among all that ever contend, as `LeaseElection.identity` makes it.
    ///   - clock: Has to count suspend.
    ///   - report: Is told whenever the state changes.
    ///   - warn: Is told what an operator may want to know, in whole sentences.
    package init(
        _ connection: any APIConnection, namespace: String, name: String = "martlet-controller", identity: String,
        times: Leadership.Times = Leadership.Times(), clock: ClientClock = .system,
        wall: @escaping @Sendable () -> Timestamp = Timestamp.current,
        report: @escaping @Sendable (State) -> Void = { _ in }, warn: @escaping @Sendable (String) -> Void
    ) {
        self.connection = connection
        self.namespace = namespace
        self.name = name
        self.times = times
        self.clock = clock
        self.wall = wall
        self.report = report
        self.warn = warn
        shared = Mutex(Shared(leadership: Leadership(identity: identity, times: times)))
    }

    /// A name that nobody has had before: the host's (a pod's name) with something random.
    package static func identity(host: String) -> String { "\(host)_\(RandomName.uuid(at: .current()))" }

    /// Whether a write or a message may be sent now; asked right before each.
    package func mayAct() -> Bool {
        shared.withLock { !$0.isReleased && $0.leadership.mayAct(at: clock.now().microseconds) }
    }

    /// Waits until this process leads, then does `body`, renewing meanwhile; gives the lease back when that has ended.
    ///
    /// - Throws: `LeadershipLost`, after `body` was cancelled and has ended; otherwise what `body` throws.
    package func run(whenLeading body: @escaping @Sendable () async throws -> Void) async throws {
        while !isLeading { try await step() }
        let end = await withTaskGroup(of: End.self) { group in
            group.addTask {
                do {
                    try await body()
                    return .body(.success(()))
                } catch {
                    return .body(.failure(error))
                }
            }
            group.addTask {
                do {
                    while true { try await self.step() }
                } catch {
                    return .lease(error)
                }
            }
            var ends: [End] = []
            for await end in group {
                ends.append(end)
                group.cancelAll()
            }
            return Self.first(ends)
        }
        switch end {
        case .lease(let error as LeadershipLost): throw error
        case .lease(let error):
            await release()
            throw error
        case .body(let result):
            await release()
            try result.get()
        }
    }

    private enum End: Sendable {
        case body(Result<Void, any Error>)
        case lease(any Error)
    }

    /// What ended it: a lease that was lost while the body came to its end is lost all the same.
    private static func first(_ ends: [End]) -> End {
        for end in ends {
            if case .lease(let error) = end, error is LeadershipLost { return end }
        }
        return ends.first ?? .lease(CancellationError())
    }

    // MARK: Steps

    private var isLeading: Bool {
        shared.withLock { shared in
            if case .leading? = shared.told { true } else { false }
        }
    }

    private func step() async throws {
        try Task.checkCancellation()
        let now = clock.now().microseconds
        switch shared.withLock({ $0.leadership.step(at: now) }) {
        case .read: await read()
        case .write(let version): await write(over: version)
        case .wait(let uptime):
            guard await clock.sleep(.microseconds(max(0, uptime - now))) else { throw CancellationError() }
        case .lost:
            tell(.lost)
            throw LeadershipLost()
        }
    }

    /// Below the time between two tries, so that one that hangs doesn't take the next one's place.
    private var requestSeconds: Double { Double(times.retrySeconds) * 0.75 }

    private var path: String { Self.leases.path(namespace: namespace, name: name) }

    private func read() async {
        let result: Result<LeaseRecord?, APIError>
        do throws(APIError) {
            let body = try await connection.send(APIRequest(.get, path, timeoutSeconds: requestSeconds))
            result = .success(try Self.record(body))
        } catch {
            result = error.status?.code == 404 ? .success(nil) : .failure(error)
        }
        let now = clock.now().microseconds
        switch result {
        case .success(let record):
            let leads = shared.withLock { shared in
                shared.record = record
                shared.leadership.observed(record?.seen, at: now)
                shared.trouble = nil
                return shared.leadership.mayAct(at: now)
            }
            if !leads { tell(.standby(holder: record?.holder ?? "")) }
        case .failure(let error):
            shared.withLock { $0.leadership.readFailed(at: now) }
            complain("the lease \(namespace)/\(name) can't be read: \(error)")
        }
    }

    private func write(over version: String?) async {
        let (known, identity) = shared.withLock { ($0.record, $0.leadership.identity) }
        let base = version == nil ? LeaseRecord(name: name, namespace: namespace) : known
        guard let base else { return await read() }
        let record = base.held(by: identity, for: times.leaseSeconds, at: wall())
        let sentAt = clock.now().microseconds
        let result = await store(record, isNew: version == nil)
        let now = clock.now().microseconds
        switch result {
        case .success(let stored):
            shared.withLock { shared in
                shared.record = stored
                shared.leadership.answered(.stored(version: stored.version), sentAt: sentAt, at: now)
                shared.trouble = nil
            }
            if mayAct() { tell(.leading) }
        case .failure(let error):
            let isConflict = error.status?.code == 409 || error.status?.code == 404 && version != nil
            shared.withLock { $0.leadership.answered(isConflict ? .conflict : .failed, sentAt: sentAt, at: now) }
            if !isConflict { complain("the lease \(namespace)/\(name) can't be written: \(error)") }
        }
    }

    private func store(_ record: LeaseRecord, isNew: Bool) async -> Result<LeaseRecord, APIError> {
        let query = [APIRequest.Parameter("fieldManager", KubernetesStore.fieldManager)]
        let request =
            isNew
            ? APIRequest(
                .post, Self.leases.path(namespace: namespace), query: query, body: record.bytes,
                timeoutSeconds: requestSeconds)
            : APIRequest(.put, path, query: query, body: record.bytes, timeoutSeconds: requestSeconds)
        do throws(APIError) {
            return .success(try Self.record(try await connection.send(request)))
        } catch {
            return .failure(error)
        }
    }

    private static func record(_ body: [UInt8]) throws(APIError) -> LeaseRecord {
        guard let node = try? parseJSON(body), node["metadata"]?["resourceVersion"]?.string != nil else {
            throw .unreachable("the answer is no Lease")
        }
        return LeaseRecord(node)
    }

    /// Lets the next one lead at once rather than when the lease has run out. Nothing depends on it.
    private func release() async {
        let record = shared.withLock { shared -> LeaseRecord? in
            let now = clock.now().microseconds
            defer { shared.isReleased = true }
            return !shared.isReleased && shared.leadership.mayAct(at: now) ? shared.record : nil
        }
        guard let record else { return }
        let released = record.released(at: wall())
        // Not cancelled with the task, which mostly is by now.
        _ = await Task { await self.store(released, isNew: false) }.value
    }

    // MARK: Telling

    private func tell(_ state: State) {
        let isNew = shared.withLock { shared in
            defer { shared.told = state }
            return shared.told != state
        }
        if isNew { report(state) }
    }

    private func complain(_ problem: String) {
        let isNew = shared.withLock { shared in
            defer { shared.trouble = problem }
            return shared.trouble != problem
        }
        if isNew { warn(problem) }
    }
}
