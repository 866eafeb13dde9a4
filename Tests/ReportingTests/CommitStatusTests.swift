import Model
import Testing

@testable import Reporting

@Suite struct CommitStatusTests {
    struct Case: CustomTestStringConvertible {
        var run: PipelineRun
        var expected: String
        var testDescription: String { expected }
    }

    @Test(arguments: [
        Case(run: .sample(started: false), expected: "pending: Waits to start"),
        Case(run: .sample(stages: [.sample("lint", .running)]), expected: "pending: Runs"),
        Case(
            run: .sample(stages: [.sample("lint", .failed, message: "ruff: 3 findings")]),
            expected: "pending: lint failed: ruff: 3 findings"),
        Case(run: .sample(end: .true), expected: "success: Succeeded in 2 min 5 s"),
        Case(
            run: .sample(stages: [.sample("test", .failed, reason: "Timeout")], end: .false),
            expected: "failure: test failed: took longer than its timeoutSeconds"),
        Case(run: .sample(end: .false, reason: "RunTimeout", message: "too slow"), expected: "failure: too slow"),
        Case(run: .sample(end: .false, reason: "Cancelled"), expected: "error: Cancelled"),
        Case(run: .sample(end: .false, reason: "Superseded"), expected: "error: A newer run took its place"),
        Case(run: .sample(end: .false, reason: "InvalidSpec", message: "no stages"), expected: "error: no stages"),
    ])
    func status(_ example: Case) {
        let status = CommitStatus(RunSummary(example.run), links: RunLinks())
        #expect("\(status.state.rawValue): \(status.description)" == example.expected)
        #expect(status.context == "martlet/app")
    }

    @Test func `a long description is cut to what GitHub takes`() {
        let run = PipelineRun.sample(
            stages: [.sample("lint", .failed, message: String(repeating: "é", count: 500))], end: .false)
        let status = CommitStatus(RunSummary(run), links: RunLinks())
        #expect(status.description.unicodeScalars.count == 140)
        #expect(status.description.hasSuffix("…"))
    }
}
