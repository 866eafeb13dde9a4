import ClusterSupport
import Model
import Stores
import Testing

/// Runs that come and are steered through a real API server, with kubectl alone.
@Suite(.timeLimit(.minutes(5))) struct ClusterRunTests {
    @Test("a run that kubectl applies goes through four agents to Succeeded, and kubectl shows it")
    func succeeds() async throws {
        try await withCluster { cluster in
            try await cluster.startController()
            let stages = ClusterInstallation.kinds.map { Stage($0, script: "echo from $MARTLET_STAGE") }
            try await cluster.apply(Manifest.pipeline("app", stages))
            try await cluster.apply(
                """
                apiVersion: martlet.dev/v1alpha1
                kind: PipelineRun
                metadata: {name: app-1}
                spec: {pipelineRef: {name: app}}
                """)
            try await cluster.wait("app-1", for: "Succeeded")
            let run = try await cluster.run("app-1")
            #expect(run.status.stages.map(\.state) == [.succeeded, .succeeded, .succeeded, .succeeded])
            #expect(run.status.stages.map(\.agent) == ["lint", "test", "build", "security"])
            #expect(run.status.progress == "4/4")
            #expect(run.status.conditions[Condition.accepted]?.status == .true)

            let table = try await cluster.kubectl("get", "mrun").split(separator: "\n")
            let columns = table.map { $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init) }
            #expect(columns.first == ["NAME", "PIPELINE", "PROGRESS", "STATUS", "REASON", "AGE"])
            #expect(columns.last?.prefix(5) == ["app-1", "app", "4/4", "True", "Succeeded"])

            // Each replica keeps the output, and looks the run up with the controller's rights.
            let signals = try StateSignals(try StateFolder.existing(at: "\(cluster.home.path)/state-controller"))
            defer { signals.close() }
            var shown = ""
            for await _ in signals.stream(of: .logged) {
                let logs = try await cluster.home.martlet(
                    "logs", "\(cluster.namespace)/app-1", "--kubeconfig", cluster.account.kubeconfig, "--state",
                    "state-controller")
                #expect(logs.code == 0, "\(logs.errors)")
                shown = logs.output
                if ClusterInstallation.kinds.allSatisfy({ shown.contains("from \($0)\n") }) { break }
            }
            for kind in ClusterInstallation.kinds { #expect(shown.contains("from \(kind)\n"), "\(shown)") }
            let missing = try await cluster.home.martlet(
                "logs", "app-1", "--kubeconfig", cluster.account.kubeconfig, "--state", "state-controller")
            #expect(missing.code == 1)
            #expect(missing.errors.contains("forbidden"), "its rights end at its namespace: \(missing.errors)")

            // One for its end; what went well on the way is in the status.
            let events = try await cluster.kubectl("get", "events", "-o", "jsonpath={range .items[*]}{.reason} {end}")
            #expect(events.split(separator: " ") == ["RunSucceeded"])
            let pipeline = try await cluster.kubectl(
                "get", "mpl", "app", "-o", "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}")
            #expect(pipeline == "True")
        }
    }

    @Test("a run is cancelled, paused, approved, run again and deleted with kubectl alone")
    func verbs() async throws {
        try await withCluster(kinds: ["lint", "shell"]) { cluster in
            try await cluster.startController()
            let gate = try cluster.home.wait(at: "verbs")
            let pulse = try cluster.home.pulse("verbs")

            // Cancel ends what runs.
            let hold = "\(pulse.script)\n\(cluster.home.enter)\n\(gate)"
            try await cluster.apply(Manifest.run("long", [Stage("lint", script: hold)]))
            let fence = try await cluster.home.began("lint")
            try await cluster.patch("long", #"{"desiredState":"Cancelled"}"#)
            try await pulse.feed.ended()
            var run = try await cluster.finished("long")
            #expect(run.status.succeeded?.reason == "Cancelled")
            #expect(run.status[stage: "lint"]?.state == .cancelled)
            #expect(fence.attempt == 1)

            // A paused run starts nothing until it is to run.
            let waiting = Manifest.run("later", [Stage("lint", script: "true")])
            try await cluster.apply(waiting.replacing("spec:\n", with: "spec:\n  desiredState: Paused\n"))
            try await cluster.wait("later", for: "Accepted")
            run = try await cluster.run("later")
            #expect(!run.status.isFinished)
            try await cluster.patch("later", #"{"desiredState":"Running"}"#)
            try await cluster.wait("later", for: "Succeeded")

            // An approval waits for a person.
            try await cluster.apply(
                Manifest.run(
                    "asked", [Stage("lint", script: "true"), Stage("ask", needs: ["lint"], "approval: {}")]))
            try await cluster.run("asked") { $0.status.progress == "1/2" }
            try await cluster.patch("asked", #"{"approvals":[{"stage":"ask","decision":"Approved"}]}"#)
            try await cluster.wait("asked", for: "Succeeded")

            // What failed runs again, and what did not is kept.
            let flag = "\(cluster.home.path)/mended"
            try await cluster.apply(
                Manifest.run(
                    "twice",
                    [
                        Stage("lint", script: "echo once >> \(cluster.home.path)/lint"),
                        Stage("shell", needs: ["lint"], script: "test -e \(flag)"),
                    ]))
            run = try await cluster.finished("twice")
            #expect(run.status.succeeded?.status == .false)
            try cluster.home.write("", to: "mended")
            try await cluster.patch("twice", #"{"rerunCount":1}"#)
            try await cluster.wait("twice", for: "Succeeded")
            #expect(try cluster.home.read("lint") == "once\n")

            // A run that is deleted while it is active is stopped at its agents.
            let last = try cluster.home.pulse("deleted")
            try await cluster.apply(
                Manifest.run("gone", [Stage("shell", script: "\(last.script)\n\(cluster.home.enter)\n\(gate)")]))
            try await cluster.home.began("shell")
            try await cluster.kubectl("delete", "mrun", "gone")
            try await last.feed.ended()
        }
    }

    @Test("what no schema can say is refused in Accepted, with the field's path; a missing pipeline is waited for")
    func refusals() async throws {
        try await withCluster(kinds: ["shell"]) { cluster in
            try await cluster.startController()
            try await cluster.apply(
                Manifest.run(
                    "circle", [Stage("a", needs: ["b"], script: "true"), Stage("b", needs: ["a"], script: "true")]))
            let run = try await cluster.finished("circle")
            #expect(run.status.conditions[Condition.accepted]?.status == .false)
            #expect(run.status.succeeded?.reason == "InvalidSpec")
            let message = run.status.conditions[Condition.accepted]?.message ?? ""
            #expect(message.contains("spec.pipelineSpec.stages["), "\(message)")

            try await cluster.apply(
                """
                apiVersion: martlet.dev/v1alpha1
                kind: PipelineRun
                metadata: {name: early}
                spec: {pipelineRef: {name: app}}
                """)
            try await cluster.kubectl(
                "wait", "mrun", "early", "--for", "condition=Accepted=false", "--timeout", "60s")
            #expect(try await cluster.run("early").status.conditions[Condition.accepted]?.reason == "PipelineNotFound")
            try await cluster.apply(Manifest.pipeline("app", [Stage("shell", script: "true")]))
            try await cluster.wait("early", for: "Succeeded")
        }
    }

    @Test("a retry, a failure and a loss are Events with reasons of their own; a file: source is refused")
    func events() async throws {
        try await withCluster(kinds: ["shell"]) { cluster in
            try await cluster.startController()
            try await cluster.apply(
                Manifest.run(
                    "fails", [Stage("shell", "retry: {limit: 1, backoffSeconds: 1}", script: "echo no; exit 3")]))
            let run = try await cluster.finished("fails")
            #expect(run.status[stage: "shell"]?.failures == 2)
            let lines = try await cluster.kubectl(
                "get", "events", "--sort-by", ".metadata.creationTimestamp", "-o",
                "jsonpath={range .items[*]}{.type} {.reason} {.involvedObject.name}{\"\\n\"}{end}")
            let events = Set(lines.split(separator: "\n").map(String.init))
            #expect(events.contains("Warning RunFailed fails"), "\(lines)")
            #expect(events.contains { $0.hasPrefix("Warning Stage") }, "\(lines)")
            #expect(events.contains { $0.contains("Retr") }, "\(lines)")

            try await cluster.apply(
                Manifest.run("local", [Stage("shell", script: "true")]).replacing(
                    "spec:\n", with: "spec:\n  source: {url: \"file:///etc\"}\n"))
            let local = try await cluster.finished("local")
            #expect(local.status.succeeded?.status == .false)
        }
    }
}

extension String {
    /// With the first occurrence of a text replaced.
    func replacing(_ text: String, with other: String) -> String {
        guard let range = firstRange(of: text) else { return self }
        return replacingCharacters(in: range, with: other)
    }

    private func replacingCharacters(in range: Range<String.Index>, with other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
