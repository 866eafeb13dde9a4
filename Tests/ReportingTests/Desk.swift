import Controller
import Model
import ReportingSupport

@testable import Reporting

/// A reporter at work, and what it says.
final class Desk: Sendable {
    let reporter: Reporter
    let time: TestTime
    /// `uid target event reference`.
    let records = Journal<String>()
    /// `target outcome`.
    let counts = Journal<String>()
    let warnings = Journal<String>()
    /// Targets that answer again.
    let recoveries = Journal<String>()

    init(_ targets: [any NotificationTarget], time: TestTime = TestTime()) {
        self.time = time
        let (records, counts, warnings, recoveries) = (records, counts, warnings, recoveries)
        reporter = Reporter(
            targets: targets, clock: time.clock, record: { records.append("\($0) \($1.words)") },
            count: { counts.append("\($0) \($1)") }, warn: { warnings.append($0) },
            recovered: { recoveries.append($0) })
    }

    /// Lets the reporter work while the test does its part.
    func working<Result: Sendable>(_ body: (Desk) async throws -> Result) async throws -> Result {
        // The end of the scope cancels it and waits for it.
        async let _: Void = reporter.run()
        return try await body(self)
    }

    func list(_ runs: PipelineRun...) { reporter.followed(.listed(runs: runs, pipelines: [])) }
    func observe(_ run: PipelineRun) { reporter.observed(run, happenings: [], isStored: true) }

    /// Waits until there is nothing to tell.
    func idle() async {
        while !reporter.isIdle { await Task.yield() }
    }
}
