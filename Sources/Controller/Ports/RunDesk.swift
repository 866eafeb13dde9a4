package import Model

/// Where webhooks, schedules and pages have runs made and asked things of, in either home.
///
/// Any process may use it, whether it leads or not: a run's name follows from what it is for, so that two that make the
/// same run make one.
package protocol RunDesk: Sendable {
    /// All pipelines as they are now. Cheap: they are kept in memory.
    ///
    /// - Throws: where they aren't known yet, and nothing may be concluded from their absence.
    func pipelines() async throws -> [Pipeline]

    /// Makes runs, each with the name and namespace that it has. Outcomes come in the same order.
    ///
    /// - Parameter remembering: Whether each that is there then is remembered for 7 days by its name, so that the event
    ///   that it is for makes it once even if it has been deleted meanwhile (`MakeOutcome.exists`).
    func make(_ runs: [PipelineRun], remembering: Bool) async -> [MakeOutcome]

    /// Whether an event that makes no runs has been handled within the last 7 days.
    ///
    /// - Throws: where that isn't known, and the event had better come again.
    func hasHandled(_ delivery: String) async throws -> Bool

    /// Remembers for 7 days that an event has been handled which made no runs.
    func remember(_ delivery: String) async throws

    /// The runs that were made for a pull request, the newest first.
    ///
    /// - Parameter repository: Its URL, in any form.
    func runs(ofPullRequest number: Int, in repository: String) async throws -> [PipelineRun]

    /// The run of that name or UID; nil when there is none.
    func run(_ name: String, namespace: String?) async throws -> PipelineRun?

    /// Asks something of a run. Asking for what is already so is no error.
    func ask(_ verb: RunVerb, of run: PipelineRun) async -> AskOutcome
}

/// What can be asked of a run that is there.
package enum RunVerb: Equatable, Sendable {
    case cancel
    /// Lets a run go that was paused.
    case resume
    /// Runs failed, cancelled and skipped stages again.
    case rerun
}

extension PipelineRun {
    /// What a run that was made for an event is remembered by. No event's id has a slash.
    package var memoryKey: String { "\(metadata.namespace ?? "")/\(metadata.name)" }
}

package enum MakeOutcome: Equatable, Sendable {
    case made(PipelineRun)
    /// It was made before.
    case exists
    /// Trying again can't help; why.
    case refused(String)
    /// Trying again may help; why.
    case failed(String)

    /// Whether the run is there.
    package var isSettled: Bool {
        switch self {
        case .made, .exists: true
        case .refused, .failed: false
        }
    }
}

package enum AskOutcome: Equatable, Sendable {
    case done
    /// It makes no sense as the run stands; why.
    case refused(String)
    /// Trying again may help; why.
    case failed(String)
}
