import Controller
import Model
import Testing

@Suite struct RunBoardTests {
    private func run(_ uid: String, created: Int64) -> PipelineRun {
        PipelineRun(
            metadata: Metadata(name: "hello", uid: uid, creationTimestamp: Timestamp(seconds: created)),
            spec: PipelineRunSpec())
    }

    @Test func `of two runs of one name the newer one has it`() {
        // As often as a dictionary may have another order.
        for number in 0..<50 {
            let board = RunBoard()
            board.followed(
                .listed(runs: [run("new-\(number)", created: 2), run("old-\(number)", created: 1)], pipelines: []))
            #expect(board.run(named: "hello", namespace: nil)?.uid == "new-\(number)")
            #expect(board.run(uid: "old-\(number)") != nil)
        }
    }
}
