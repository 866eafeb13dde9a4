import Model
import Presentation
import Testing

@Suite struct ResourceTests {
    private let now = Sample.at(300_000)

    @Test func tableOfRuns() throws {
        var cancelled = Sample.failed
        cancelled.metadata.name = "greeter-cancelled"
        cancelled.status.conditions.set(Condition.succeeded, .false, reason: Reason.cancelled, at: Sample.at(9))
        let runs = [Sample.running, Sample.failed, cancelled, Sample.succeeded, Sample.waiting]
        try expectGolden("get-runs", RunTable(runs, now: now).lines(width: nil).rendered(colour: false))
        try expectGolden("get-runs-narrow", RunTable(runs, now: now).lines(width: 72).rendered(colour: false))
    }

    @Test func runsThatEventsMadeSayOfWhat() throws {
        let runs = [Sample.pushed, Sample.fork, Sample.waiting]
        try expectGolden("get-runs-refs", RunTable(runs, now: now).lines(width: nil).rendered(colour: false))
        try expectGolden("describe-pushed", Description(Sample.pushed, now: now, width: 100).rendered(colour: false))
        try expectGolden("describe-fork", Description(Sample.fork, now: now, width: 100).rendered(colour: false))
    }

    @Test func newestRunsComeFirst() {
        func run(_ name: String, _ seconds: Double) -> PipelineRun {
            var run = Sample.run(name)
            run.metadata.creationTimestamp = Sample.at(seconds)
            return run
        }
        let runs = [run("b", 1), run("c", 2), run("a", 1)]
        #expect(runs.newestFirst.map(\.metadata.name) == ["c", "a", "b"])
    }

    private var pipeline: Pipeline {
        var pipeline = Pipeline(
            metadata: Metadata(name: "greeter", creationTimestamp: Sample.start), spec: Sample.pipeline)
        pipeline.status.conditions.set(Condition.ready, .true, reason: "Valid", at: Sample.start)
        return pipeline
    }

    @Test func tableOfPipelines() throws {
        var suspended = pipeline
        suspended.metadata.name = "idle"
        suspended.spec.desiredState = .suspended
        var broken = pipeline
        broken.metadata.name = "broken"
        broken.spec.stages[1].needs = ["nowhere"]
        broken.status.conditions.set(Condition.ready, .false, reason: "InvalidSpec", at: Sample.start)
        let table = PipelineTable([pipeline, suspended, broken], runs: [Sample.failed, Sample.waiting], now: now)
        try expectGolden("get-pipelines", table.lines(width: nil).rendered(colour: false))
    }

    @Test func descriptionsOfRuns() throws {
        for (name, run) in [("failed", Sample.failed), ("running", Sample.running), ("waiting", Sample.waiting)] {
            try expectGolden("describe-\(name)", Description(run, now: now, width: 100).rendered(colour: false))
        }
        try expectGolden("describe-wide", Description(Sample.succeeded, now: now, width: nil).rendered(colour: false))
    }

    @Test func descriptionOfAPipeline() throws {
        let description = Description(pipeline, runs: [Sample.failed, Sample.succeeded], now: now, width: 100)
        try expectGolden("describe-pipeline", description.rendered(colour: false))
    }

    @Test func objectsAsTheKubernetesAPIGivesThem() throws {
        try expectGolden("run-json", ResourceJSON.text(.run(Sample.waiting)))
        try expectGolden(
            "list-json",
            ResourceJSON.list([
                .run(Sample.waiting), .pipeline(Pipeline(metadata: Metadata(name: "p"), spec: PipelineSpec())),
            ]))
        #expect(ResourceJSON.list([]) == "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": []\n}\n")
    }
}
