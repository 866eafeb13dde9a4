import Document
import Model
import Testing

@Suite struct PipelineRunProblemsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var json: String
        var expect: [String]

        init(_ name: String, _ json: String, _ expect: String...) {
            testDescription = name
            self.json = json
            self.expect = expect
        }
    }

    static let pipeline =
        #"{"params":[{"name":"image"},{"name":"level","default":"1"}],"stages":[{"name":"lint"},{"name":"ship","approval":{}}]}"#

    @Test(arguments: [
        Case("a run that is right", #"{"pipelineRef":{"name":"ci"},"params":[{"name":"image","value":"a"}]}"#),
        Case(
            "an inline pipeline that is right",
            #"{"pipelineSpec":{"stages":[{"name":"lint"}]},"source":{"url":"file:.","revision":"main","ref":"refs/heads/main"}}"#
        ),
        Case("no pipeline", "{}", "says neither `pipelineRef` nor `pipelineSpec` (add `pipelineRef:` with a `name:`)"),
        Case(
            "two pipelines", #"{"pipelineRef":{"name":"ci"},"pipelineSpec":{"stages":[{"name":"lint"}]}}"#,
            "says both `pipelineRef` and `pipelineSpec` (remove one of them)"),
        Case(
            "an inline pipeline with a mistake", #"{"pipelineSpec":{"stages":[{"name":"lint","needs":["x"]}]}}"#,
            "pipelineSpec.stages[0].needs[0]: there is no stage `x`"),
        Case(
            "a source that git would misread",
            #"{"pipelineRef":{"name":"ci"},"params":[{"name":"image","value":""}],"source":{"url":"-x","revision":"--help","ref":"main"}}"#,
            "source.url: must not begin with `-` (git would take it for an option)",
            "source.revision: must not begin with `-` (git would take it for an option)",
            "source.ref: `main` is no full ref (write refs/heads/main, or give it as `revision`)"),
        Case(
            "parameters that don't fit the pipeline",
            #"{"pipelineRef":{"name":"ci"},"params":[{"name":"imgae","value":"a"},{"name":"level","value":"2"},{"name":"level","value":"3"}]}"#,
            "params[2].name: the parameter `level` is given twice",
            "params[0].name: the pipeline has no parameter `imgae` (did you mean `image`?)",
            "params: the parameter `image` is missing, and the pipeline has no default for it (add `- {name: image, value: …}`)"
        ),
        Case(
            "approvals that don't fit the pipeline",
            #"{"pipelineRef":{"name":"ci"},"params":[{"name":"image","value":"a"}],"approvals":[{"stage":"ship","decision":"Approved"},{"stage":"ship","decision":"Rejected"},{"stage":"shp","decision":"Approved"},{"stage":"lint","rerun":1,"decision":"Approved"}]}"#,
            "approvals[1]: `ship` is decided twice for rerun 0",
            "approvals[2].stage: there is no stage `shp` (did you mean `ship`?)",
            "approvals[3].stage: the stage `lint` is no approval"),
    ])
    func `a run's problems`(_ example: Case) throws {
        let (pipeline, _) = FieldReader.read(PipelineSpec.self, from: try parseJSON(Self.pipeline))
        let (run, read) = FieldReader.read(PipelineRunSpec.self, from: try parseJSON(example.json), strict: false)
        try #require(read == [])
        let lines = run.problems(at: FieldPath(), pipeline: pipeline).map { $0.line(file: "f") }
        #expect(lines == example.expect.map { "f: error: " + $0 })
    }

    @Test func `what depends on the pipeline is left alone while that is unknown`() {
        var run = PipelineRunSpec()
        run.pipelineRef = PipelineReference(name: "ci")
        run.params = [Param(name: "anything", value: "$(params.x)")]
        run.approvals = [ApprovalDecision(stage: "any", decision: .approved)]
        #expect(run.problems() == [])
    }
}
