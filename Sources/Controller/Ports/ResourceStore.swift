package import Model

/// Where Pipelines and PipelineRuns live: a folder with SQLite, or the Kubernetes API.
///
/// Guarantees: statuses have one writer, the leading controller; a write is refused when the object has changed since
/// `resourceVersion`; what `follow` reports is never older than what an ended `write` returned.
package protocol ResourceStore: Sendable {
    /// Reports everything once as `listed`, then each change, until the task is cancelled.
    ///
    /// `observe` is called in order and never blocks. After a break in what it can see, the store reports `listed` again.
    func follow(_ observe: @escaping @Sendable (StoreEvent) -> Void) async throws

    /// How many calls of `write` may be under way at once, at the most; fewer are where they wait for each other.
    ///
    /// With 1, each call is given all that waits: right for a database, which stores them in one transaction. With more,
    /// each is given one write: right for a server, where a slow answer must hold up nobody else. Of one run there is
    /// never more than one write under way.
    var concurrentWrites: Int { get }

    /// Writes statuses, each only if its object is still at the version it is based on. Outcomes come in the same order.
    func write(_ writes: [StatusWrite]) async -> [WriteOutcome]

    /// Stores what has been observed of a pipeline, whatever else of its status has changed; false where trying again may
    /// help. A pipeline that is gone is no trouble.
    func patch(_ patch: PipelinePatch) async -> Bool

    /// Deletes a run with its status, only if it is still the same run at that version. A user's files stay as they are.
    ///
    /// What is deleted is told by `follow` as `runGone` (or by a listing without it), as if anybody else had deleted it.
    func delete(_ run: RunReference) async -> DeleteOutcome

    /// A read past every cache; nil when there is no such run.
    func run(uid: String) async throws -> PipelineRun?
}

package enum StoreEvent: Equatable, Sendable {
    /// All there is; what was known and isn't here is gone.
    case listed(runs: [PipelineRun], pipelines: [Pipeline])
    case run(PipelineRun)
    case runGone(uid: String)
    case pipeline(Pipeline)
    case pipelineGone(name: String, namespace: String?)
    /// The agents, by name, that an operator wants to take nothing more; all of them, whenever that changes.
    case drained([String])
}

package struct StatusWrite: Equatable, Sendable {
    package var uid: String
    package var name: String
    package var namespace: String?
    package var resourceVersion: String
    package var status: PipelineRunStatus

    package init(uid: String, name: String, namespace: String?, resourceVersion: String, status: PipelineRunStatus) {
        self.uid = uid
        self.name = name
        self.namespace = namespace
        self.resourceVersion = resourceVersion
        self.status = status
    }
}

/// Fields of a pipeline's status, each of which has one writer: the leading controller.
package struct PipelinePatch: Equatable, Sendable {
    package var name: String
    package var namespace: String?
    /// Nil leaves it as it is.
    package var outcomes: [RefOutcome]?
    package var lastScheduleTime: Timestamp?

    package init(name: String, namespace: String?) {
        self.name = name
        self.namespace = namespace
    }

    /// Both as one, where the later one counts.
    package func followed(by later: PipelinePatch) -> PipelinePatch {
        var patch = self
        patch.outcomes = later.outcomes ?? outcomes
        patch.lastScheduleTime = later.lastScheduleTime ?? lastScheduleTime
        return patch
    }

    /// Puts its fields into a status.
    package func apply(to status: inout PipelineStatus) {
        if let outcomes { status.outcomes = outcomes }
        if let lastScheduleTime { status.lastScheduleTime = lastScheduleTime }
    }
}

/// Names a run as it was seen.
package struct RunReference: Hashable, Sendable {
    package var uid: String
    package var name: String
    package var namespace: String?
    package var resourceVersion: String

    package init(uid: String, name: String, namespace: String?, resourceVersion: String) {
        self.uid = uid
        self.name = name
        self.namespace = namespace
        self.resourceVersion = resourceVersion
    }
}

package enum DeleteOutcome: Equatable, Sendable {
    /// It is gone, or will be once others have let go of it (finalizers).
    case deleted
    /// It was gone already, or its name belongs to another run.
    case gone
    /// Somebody has changed it since; it stays.
    case conflict
    /// Trying again may help.
    case failed(String)
}

package enum WriteOutcome: Equatable, Sendable {
    case stored(resourceVersion: String)
    /// Somebody else wrote: the object as it is now.
    case conflict(PipelineRun)
    case gone
    /// Trying again can't help: too large, or invalid.
    case refused(String)
    /// Trying again may help.
    case failed(String)
}
