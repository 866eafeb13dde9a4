import Model
import ReportingSupport
import Synchronization

@testable import Reporting

/// A target that tells whatever it is asked to, as the test says.
final class FakeTarget: NotificationTarget {
    let name: String
    let concurrency: Int
    let spacing = Duration.zero
    let quietTime: Duration
    let isPerCommit: Bool
    /// `uid event`, for each call.
    let calls = Journal<String>()
    let forgotten = Journal<String>()
    let annotated = Journal<Fence>()
    private let outcomes: Mutex<[TellingOutcome]>
    private let hold: (@Sendable (Int) async -> Void)?

    /// - Parameters:
    ///   - outcomes: Of the first calls; later ones succeed.
    ///   - hold: Waited for in each call, by its number.
    init(
        _ outcomes: [TellingOutcome] = [], name: String = "fake", concurrency: Int = 1, quietTime: Duration = .zero,
        isPerCommit: Bool = false, hold: (@Sendable (Int) async -> Void)? = nil
    ) {
        self.outcomes = Mutex(outcomes)
        self.name = name
        self.concurrency = concurrency
        self.quietTime = quietTime
        self.isPerCommit = isPerCommit
        self.hold = hold
    }

    func isWanted(by run: PipelineRun) -> Bool { RunSummary.spec(of: run)?.notifications?.slack != nil }

    func isSettled(_ run: PipelineRun, told: NotificationRecord?) -> Bool {
        run.status.completionTime != nil && told?.event == RunSummary(run).event
    }

    func tell(_ run: PipelineRun, told: NotificationRecord?) async -> TellingOutcome {
        let event = RunSummary(run).event
        calls.append("\(run.uid) \(event)")
        await hold?(calls.entries.count)
        return outcomes.withLock { $0.isEmpty ? nil : $0.removeFirst() } ?? .told(event: event, reference: "r")
    }

    func annotated(_ fence: Fence, of run: PipelineRun, _ annotations: [Annotation]) { annotated.append(fence) }
    func forget(_ uid: String) { forgotten.append(uid) }
}
