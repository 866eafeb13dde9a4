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

    /// Writes statuses, each only if its object is still at the version it is based on. Outcomes come in the same order.
    func write(_ writes: [StatusWrite]) async -> [WriteOutcome]

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
