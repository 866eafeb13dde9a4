import Model
import Testing

@testable import Planning

@Suite("The status's size")
struct StatusSizeTests {
    @Test(arguments: [StageOutcome.Result.succeeded, .failed])
    func `the whole stays under 256 KiB whatever agents send`(result: StageOutcome.Result) throws {
        let axis = MatrixAxis(name: "v", values: (0..<64).map(String.init))
        var spec = PipelineSpec(
            (0..<4).map { number in
                matrix("stage-\(number)", [axis]) {
                    $0.onFailure = .continue
                    $0.matrix?.failFast = .disabled
                    $0.run = String(repeating: "x", count: 15_000)
                }
            })
        spec.params = [ParamSpec(name: "p", default: "x")]
        var driver = try RunDriver(spec, ref: "shop")
        driver.pass()
        for stage in driver.ready { driver.bind(stage, to: "agent-\(String(repeating: "a", count: 40))") }
        let results = (0..<16).map { Param(name: "r\($0)", value: String(repeating: "\"", count: 1024)) }
        driver.pass(
            driver.run.status.stages.map { stage in
                var outcome = StageOutcome(
                    result, message: String(repeating: "\u{1}\"ü", count: 1000), results: results)
                outcome.reason = String(repeating: "R", count: 128)
                return driver.report(stage.id, .finished(outcome))
            })
        #expect(driver.run.status.isFinished)
        let size = FieldWriter.bytes(driver.run.status).count
        #expect(size < 256 * 1024, "\(size) bytes")
    }
}
