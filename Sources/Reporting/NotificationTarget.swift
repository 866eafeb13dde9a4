package import Model

/// Somebody who is told how runs go: Slack, GitHub.
///
/// What is to be told follows from a run as it stands and from what was told last; a target remembers nothing that it
/// couldn't do without.
package protocol NotificationTarget: Sendable {
    /// What records of it are kept under.
    var name: String { get }
    /// How many runs it may be told of at once.
    var concurrency: Int { get }
    /// How long after one request to wait before the next, for any run.
    var spacing: Duration { get }
    /// How long after telling of a run to wait before telling of the same run again.
    var quietTime: Duration { get }

    /// Whether what it shows belongs to the commit, so that the run that began last has the say.
    var isPerCommit: Bool { get }

    /// Whether the run's pipeline wants this target to be told.
    func isWanted(by run: PipelineRun) -> Bool
    /// Whether there is nothing more to tell of the run as it stands, ever. False while it is active.
    func isSettled(_ run: PipelineRun, told: NotificationRecord?) -> Bool
    /// Tells what has to be told, if anything. Called for one run at most once at a time.
    func tell(_ run: PipelineRun, told: NotificationRecord?) async -> TellingOutcome
    /// What an attempt found in the source. Agents say it again when a controller or a broker is new.
    func annotated(_ fence: Fence, of run: PipelineRun, _ annotations: [Annotation])
    /// Lets go of all that is remembered of a run.
    func forget(_ uid: String)
}

extension NotificationTarget {
    package var isPerCommit: Bool { false }
    package func annotated(_ fence: Fence, of run: PipelineRun, _ annotations: [Annotation]) {}
    package func forget(_ uid: String) {}
}

/// What came of telling.
package enum TellingOutcome: Equatable, Sendable {
    /// It has been told; the record says what, without the target and the time.
    case told(event: String, reference: String? = nil)
    /// There was nothing to tell.
    case nothing
    /// It may work later; why.
    case retry(String)
    /// The target wants nothing of anybody for so long; why.
    case pause(Duration, String)
    /// It won't work until somebody changes something; what is wrong, and what to do.
    case refused(String)
}
