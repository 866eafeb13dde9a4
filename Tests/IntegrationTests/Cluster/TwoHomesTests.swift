import ClusterSupport
import Document
import Model
import Testing

/// The same manifests come to the same decisions, whichever home they are in. (What is invalid becomes no run at all in
/// a folder, so there is nothing to compare.)
@Suite(.timeLimit(.minutes(5))) struct TwoHomesTests {
    private static let runs = [
        Manifest.run("plain", [Stage("a", script: "true"), Stage("b", needs: ["a"], script: "true")]),
        Manifest.run(
            "halted", [Stage("a", script: "exit 7"), Stage("b", needs: ["a"], script: "true")],
            finally: [Stage("tidy", script: "true")]),
        Manifest.run(
            "goes-on", [Stage("a", "onFailure: Continue", script: "exit 7"), Stage("b", needs: ["a"], script: "true")]),
        Manifest.run(
            "skips",
            [
                Stage("a", "when: [{input: x, operator: In, values: [other]}]", script: "true"),
                Stage("b", needs: ["a"], script: "true"),
            ]),
        Manifest.run(
            "matrix",
            [
                Stage(
                    "a",
                    "matrix: {axes: [{name: v, values: [\"1\", \"2\"]}, {name: w, values: [x, z]}], maxParallel: 2}",
                    script: "test $MARTLET_MATRIX_V$MARTLET_MATRIX_W != 2z")
            ]),
        Manifest.run(
            "results",
            [
                Stage("a", script: "echo image=app@sha256:1 >> $MARTLET_RESULTS"),
                Stage(
                    "b", needs: ["a"], "env: [{name: IMAGE, value: $(stages.a.results.image)}]",
                    script: "test $IMAGE = app@sha256:1"),
            ]),
        Manifest.run("retried", [Stage("a", "retry: {limit: 1, backoffSeconds: 1}", script: "exit 1")]),
        Manifest.run("too-slow", [Stage("a", "timeoutSeconds: 1", script: "sleep 60")]),
    ]

    private static func name(of manifest: String) -> String {
        manifest.split(separator: "\n").first { $0.hasPrefix("  name: ") }.map { String($0.dropFirst(8)) } ?? ""
    }

    @Test func theyDecideAlike() async throws {
        try await withCluster(kinds: ["shell"]) { cluster in
            try await cluster.startController()
            let home = cluster.home
            let local = try await home.controller("--agent", "shell")
            for manifest in Self.runs {
                let name = Self.name(of: manifest)
                try home.write(manifest, to: "manifests/\(name).yaml")
                try await cluster.apply(manifest)
            }
            for name in Self.runs.map(Self.name) {
                let inFolder = decisions(of: try await home.run(name))
                let inCluster = decisions(of: try await cluster.finished(name))
                #expect(inFolder == inCluster, "\(name)")
            }
            #expect(local.isAlive)
        }
    }

    /// A run's status without what differs from one execution to the next: times, who did it, what it was called.
    private func decisions(of run: PipelineRun) -> PipelineRunStatus {
        var status = run.status
        // The folder home keeps what may not change itself.
        status.specHash = nil
        status.startTime = nil
        status.completionTime = nil
        for index in status.conditions.indices {
            status.conditions[index].lastTransitionTime = nil
        }
        for index in status.stages.indices {
            // An assignment that wasn't claimed in time costs a number and nothing else.
            let stage = status.stages[index]
            var kept = StageStatus(id: stage.id)
            kept.state = stage.state
            kept.reason = stage.reason
            kept.message = stage.message
            kept.failures = stage.failures
            kept.losses = stage.losses
            kept.results = stage.results
            status.stages[index] = kept
        }
        return status
    }
}
