import ClusterSupport
import Model
import Testing

/// What becomes of runs that have ended, and of specs that may not change, on a real API server.
@Suite(.timeLimit(.minutes(5))) struct ClusterHistoryTests {
    private func run(_ name: String, _ fields: String = "") -> String {
        """
        apiVersion: martlet.dev/v1alpha1
        kind: PipelineRun
        metadata: {name: \(name)}
        spec: {pipelineRef: {name: app}\(fields)}
        """
    }

    @Test("ended runs go once their pipeline's limits say so, with the rights that a controller has")
    func limits() async throws {
        try await withCluster(kinds: ["shell"]) { cluster in
            try await cluster.startController()
            let stages = [Stage("shell", script: "true")]
            try await cluster.apply(Manifest.pipeline("app", stages))
            for name in ["app-1", "app-2"] {
                try await cluster.apply(run(name))
                try await cluster.wait(name, for: "Succeeded")
            }
            try await cluster.apply(Manifest.pipeline("app", stages, "successfulRunsHistoryLimit: 1"))
            // It may be gone before there is anything to wait for.
            _ = try? await cluster.kubectl("wait", "mrun", "app-1", "--for", "delete", "--timeout", "60s")
            let left = try await cluster.kubectl("get", "mrun", "-o", "name")
            #expect(left == "pipelinerun.martlet.dev/app-2\n")

            try await cluster.apply(Manifest.pipeline("app", stages, "ttlSecondsAfterFinished: 0"))
            _ = try? await cluster.kubectl("wait", "mrun", "app-2", "--for", "delete", "--timeout", "60s")
            #expect(try await cluster.kubectl("get", "mrun", "-o", "name") == "")
        }
    }

    @Test("a run whose fixed spec is changed waits until it is put back, or the server refuses the change")
    func specChange() async throws {
        try await withCluster(kinds: ["shell"]) { cluster in
            let knowsRules = try await cluster.server.installDefinitions()
            try await cluster.startController()
            try await cluster.apply(Manifest.pipeline("app", [Stage("shell", script: "true")]))
            try await cluster.apply(run("app-1", ", desiredState: Paused"))
            try await cluster.wait("app-1", for: "Accepted")
            do {
                try await cluster.patch("app-1", #"{"priority":7,"desiredState":"Running"}"#)
            } catch {
                #expect(knowsRules, "\(error)")
                return
            }
            #expect(!knowsRules)
            let held = try await cluster.run("app-1") {
                $0.status.conditions[Condition.accepted]?.reason == Reason.specChanged
            }
            #expect(held.status.succeeded?.status == .unknown)
            #expect(held.status.startTime == nil)
            try await cluster.patch("app-1", #"{"priority":null}"#)
            try await cluster.wait("app-1", for: "Succeeded")
        }
    }
}
