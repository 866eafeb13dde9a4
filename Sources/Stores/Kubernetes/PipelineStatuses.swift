internal import Controller
internal import KubernetesAPI
internal import Model
internal import Synchronization

/// Says in each pipeline's status whether it makes sense: `Ready`, with what is wrong where it doesn't.
///
/// Written only where it differs from what is there, one at a time, and again after trouble until it is stored or the
/// pipeline has changed.
final class PipelineStatuses: Sendable {
    private struct Judged: Sendable {
        var pipeline: Pipeline
        var problems: [Problem]
    }

    private let connection: any APIConnection
    private let clock: ClientClock
    private let wall: @Sendable () -> Timestamp
    private let mayAct: @Sendable () -> Bool
    private let warn: @Sendable (String) -> Void
    /// The pipelines still to be looked at, by UID, as they were seen last.
    private let waiting = Mutex<[String: Judged]>([:])
    /// How often what was found of a generation has been stored, by UID: a definition that drops fields of the status
    /// would have it written for ever.
    private let written = Mutex<[String: (generation: Int?, times: Int)]>([:])
    private let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(
        _ connection: any APIConnection, clock: ClientClock, wall: @escaping @Sendable () -> Timestamp,
        mayAct: @escaping @Sendable () -> Bool, warn: @escaping @Sendable (String) -> Void
    ) {
        self.connection = connection
        self.clock = clock
        self.wall = wall
        self.mayAct = mayAct
        self.warn = warn
    }

    /// Has a look at a pipeline that was seen.
    ///
    /// - Parameter problems: What reading its spec has found.
    func judge(_ pipeline: Pipeline, _ problems: [Problem]) {
        guard pipeline.metadata.deletionTimestamp == nil else { return forget(pipeline) }
        waiting.withLock { $0[pipeline.metadata.uid ?? ""] = Judged(pipeline: pipeline, problems: problems) }
        signal.yield()
    }

    func forget(_ pipeline: Pipeline) {
        let uid = pipeline.metadata.uid ?? ""
        waiting.withLock { $0[uid] = nil }
        written.withLock { $0[uid] = nil }
    }

    func run() async throws {
        var failures = 0
        for await _ in signals {
            while let uid = waiting.withLock({ $0.keys.min() }) {
                guard let judged = waiting.withLock({ $0.removeValue(forKey: uid) }) else { continue }
                if await write(judged) {
                    failures = 0
                    continue
                }
                // What was seen since is the newer.
                waiting.withLock { if $0[uid] == nil { $0[uid] = judged } }
                let wait = Duration.microseconds(min(30_000_000, 500_000 << Int64(min(failures, 8))))
                guard await clock.sleep(wait) else { throw CancellationError() }
                failures += 1
            }
        }
    }

    /// Whether nothing more is to be done.
    private func write(_ judged: Judged) async -> Bool {
        let pipeline = judged.pipeline
        let status = pipeline.judged(judged.problems, at: wall())
        guard status != pipeline.status else { return true }
        guard mayBeWritten(pipeline.metadata) else { return true }
        guard mayAct() else { return false }
        let update = StatusUpdate(
            KubernetesStore.pipelines, kind: Pipeline.kind, uid: pipeline.metadata.uid, name: pipeline.metadata.name,
            namespace: pipeline.metadata.namespace, resourceVersion: pipeline.metadata.resourceVersion ?? "",
            status: status)
        do throws(APIError) {
            _ = try await connection.send(update.request)
            count(pipeline.metadata)
            return true
        } catch {
            switch StatusUpdate.outcome(of: error, name: pipeline.metadata.name) {
            // After a conflict the watch shows what somebody else has written, and it is judged anew.
            case nil, .gone, .stored, .conflict: return true
            case .refused(let problem):
                warn("the status of pipeline \(pipeline.metadata.name) was refused: \(problem)")
                return true
            case .failed(let problem):
                warn("the status of pipeline \(pipeline.metadata.name) could not be written: \(problem)")
                return false
            }
        }
    }
}

extension PipelineStatuses {
    private static let mostTimes = 3

    private func mayBeWritten(_ metadata: Metadata) -> Bool {
        written.withLock { written in
            guard let former = written[metadata.uid ?? ""], former.generation == metadata.generation else {
                return true
            }
            return former.times < Self.mostTimes
        }
    }

    private func count(_ metadata: Metadata) {
        written.withLock { written in
            let former = written[metadata.uid ?? ""]
            let times = former?.generation == metadata.generation ? former?.times ?? 0 : 0
            written[metadata.uid ?? ""] = (metadata.generation, times + 1)
        }
    }
}

extension Pipeline {
    /// The status that follows from the spec: that it was looked at, and `Ready`.
    ///
    /// - Parameter problems: What reading the spec has found, which goes before what its values show.
    func judged(_ problems: [Problem], at now: Timestamp) -> PipelineStatus {
        var status = status
        let errors = (problems + spec.problems()).filter { $0.severity == .error }
        let isSuspended = spec.desiredState == .suspended
        status.observedGeneration = metadata.generation
        if errors.isEmpty {
            status.conditions.set(
                Condition.ready, .true, reason: isSuspended ? "Suspended" : "Valid",
                message: isSuspended ? "new runs wait until `desiredState` is Active" : "",
                generation: metadata.generation, at: now)
        } else {
            let sentences = errors.prefix(5).map { problem in
                "\(problem.path): \(problem.message)" + (problem.hint.map { " (\($0))" } ?? "")
            }
            let more = errors.count > 5 ? "; and \(errors.count - 5) more" : ""
            status.conditions.set(
                Condition.ready, .false, reason: Reason.invalidSpec,
                message: (sentences.joined(separator: "; ") + more).prefix(bytes: 1024),
                generation: metadata.generation, at: now)
        }
        return status
    }
}

extension String {
    /// As much of its beginning as fits, cut between characters, with a mark where something is missing.
    func prefix(bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var kept = ""
        var size = 0
        for scalar in unicodeScalars {
            size += UTF8.width(scalar)
            if size > limit - 3 { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + "…"
    }
}
