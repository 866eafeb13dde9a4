import Document
import Model
import TestSupport
import Testing

@Suite struct RoundTripTests {
    private func check<Value: Fields & Equatable>(_ type: Value.Type, seed: UInt64, sparse: Bool) throws {
        let value = RandomRecord.make(Value.self, seed: seed, sparse: sparse)
        let bytes = FieldWriter.bytes(value)
        let node = try parseJSON(bytes)
        let (read, problems) = FieldReader.read(Value.self, from: node)
        #expect(problems == [], "\(Value.self) seed \(seed): \(node.json())")
        #expect(read == value, "\(Value.self) seed \(seed): \(node.json())")
        #expect(FieldWriter.bytes(read) == bytes)
    }

    @Test(arguments: 0..<60)
    func `what is written of any record reads back as it was`(_ seed: Int) throws {
        for sparse in [false, true] {
            let seed = UInt64(seed)
            try check(PipelineSpec.self, seed: seed, sparse: sparse)
            try check(PipelineStatus.self, seed: seed, sparse: sparse)
            try check(PipelineRunSpec.self, seed: seed, sparse: sparse)
            try check(PipelineRunStatus.self, seed: seed, sparse: sparse)
            try check(Metadata.self, seed: seed, sparse: sparse)
            try check(StageOutcome.self, seed: seed, sparse: sparse)
            try check(StageWork.self, seed: seed, sparse: sparse)
        }
    }

    @Test(arguments: 0..<60)
    func `any record that can be read can be checked, and each problem has a place in it`(_ seed: Int) throws {
        for sparse in [false, true] {
            var run = RandomRecord.make(PipelineRunSpec.self, seed: UInt64(seed), sparse: sparse)
            run.pipelineRef = PipelineReference(name: "ci")
            let pipeline = RandomRecord.make(PipelineSpec.self, seed: UInt64(seed) + 1000, sparse: sparse)
            let node = try parseJSON(FieldWriter.bytes(run), marks: true)
            for problem in run.problems(at: FieldPath(), pipeline: pipeline) {
                #expect(problem.path.mark(in: node) != nil && !problem.message.contains("\n"), "\(problem)")
            }
        }
    }

    @Test func `a record at its defaults is written without its optional fields`() {
        var stage = StageSpec(name: "lint")
        #expect(String(decoding: FieldWriter.bytes(stage), as: UTF8.self) == #"{"name":"lint"}"#)
        stage.onFailure = .continue
        stage.retry = Retry()
        #expect(
            String(decoding: FieldWriter.bytes(stage), as: UTF8.self)
                == #"{"name":"lint","retry":{"reasons":["Failure","Timeout"]},"onFailure":"Continue"}"#)
    }

    @Test func `the filled records differ from empty ones in every field`() {
        // Or the round trips above would prove less than they seem to.
        let spec = RandomRecord.make(PipelineSpec.self, seed: 1, sparse: false)
        #expect(spec.source != nil && spec.concurrency != nil && spec.notifications?.slack != nil)
        #expect(!spec.stages.isEmpty && !spec.finally.isEmpty && !spec.triggers.isEmpty && !spec.params.isEmpty)
        #expect(
            spec.stages.allSatisfy { $0.matrix != nil && $0.approval != nil && !$0.with.isEmpty && !$0.env.isEmpty })
    }
}
