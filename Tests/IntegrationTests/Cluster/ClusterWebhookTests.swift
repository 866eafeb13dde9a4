import Document
import HTTPClient
import Model
import Testing

/// Webhooks in a cluster: two controllers take them, one of them leads.
@Suite(.timeLimit(.minutes(5))) struct ClusterWebhookTests {
    @Test("a delivery that comes five times at once, to two controllers, makes one run, which a push's ref is known of")
    func oneRun() async throws {
        try await withCluster { cluster in
            // As the chart has it where there is a web server.
            try await cluster.kubectl(
                "create", "role", "deliveries", "--verb=get,patch,create", "--resource=configmaps")
            try await cluster.kubectl(
                "create", "rolebinding", "deliveries", "--role=deliveries",
                "--serviceaccount=\(cluster.namespace):controller")
            let hub = try await Hub(in: cluster.home, sample: "manifests/samples/greeter")
            let commit = try await hub.push("Greet politely")
            try cluster.home.write(Hub.secret, to: "secret", mode: 0o600)
            var servers: [String] = []
            for name in ["one", "other"] {
                let child = try await cluster.startController(
                    name, "--listen", "127.0.0.1:0", "--github-webhook-secret-file", "secret")
                let line = try await child.errors.line("listening on http://")
                servers.append(try #require(line.split(separator: " ").last.map(String.init)))
            }
            let stages = ClusterInstallation.kinds.map { Stage($0, script: "echo from $MARTLET_STAGE") }
            let manifest = Manifest.pipeline(
                "app", stages, "source: {url: \"\(hub.repository)\"}", "triggers: [{push: {branches: [main]}}]")
            try await cluster.apply(manifest)

            let body = hub.payload(of: commit, message: "Greet politely")
            // Each replica sees the pipeline in a time of its own; until then a push is nobody's.
            for server in servers {
                while try await !hub.get("\(server)/api/v1/pipelines").contains(#""app""#) { await Task.yield() }
            }
            let targets = servers
            let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<5 {
                    group.addTask {
                        let answer = try await hub.deliver(
                            body, delivery: "d-1", to: targets[number % targets.count])
                        let run = try parseJSON(answer.body)["runs"]?.array?.first
                        return "\(answer.status) \(run?["outcome"]?.string ?? "") \(run?["name"]?.string ?? "")"
                    }
                }
                var outcomes: [String] = []
                for try await outcome in group { outcomes.append(outcome) }
                return outcomes.sorted()
            }
            let name = try #require(outcomes.first?.split(separator: " ").last.map(String.init))
            #expect(outcomes == Array(repeating: "202 exists \(name)", count: 4) + ["202 made \(name)"])
            let names = try await cluster.kubectl("get", "mrun", "-o", "jsonpath={.items[*].metadata.name}")
            #expect(names == name)
            let run = try await cluster.finished(name)
            #expect(run.status.succeeded?.status == .true, "\(run.status.succeeded?.message ?? "")")
            #expect(run.status.source?.revision == commit)
            let owner = try await cluster.kubectl(
                "get", "mrun", name, "-o", "jsonpath={.metadata.ownerReferences[0].name}")
            #expect(owner == "app")
            // How the ref's last run has ended is the pipeline's to know.
            var ref = ""
            while ref.isEmpty {
                ref = try await cluster.kubectl("get", "mpl", "app", "-o", "jsonpath={.status.outcomes[0].ref}")
            }
            #expect(ref == "refs/heads/main")
            // Who doesn't lead shows the same.
            for server in servers {
                while try await !hub.get("\(server)/api/v1/runs").contains(#""Succeeded""#) { await Task.yield() }
                #expect(try await hub.get("\(server)/").contains(name))
            }

            // A replica that comes later makes nothing of it, though the run is gone.
            while try await !cluster.kubectl("get", "configmaps", "-o", "name").contains("-deliveries") {
                try await Task.sleep(for: .milliseconds(200))
            }
            try await cluster.kubectl("delete", "mrun", name)
            let late = try await cluster.startController(
                "late", "--listen", "127.0.0.1:0", "--github-webhook-secret-file", "secret")
            let line = try await late.errors.line("listening on http://")
            let server = try #require(line.split(separator: " ").last.map(String.init))
            var answer = try await hub.deliver(body, delivery: "d-1", to: server)
            while answer.status == 503 { answer = try await hub.deliver(body, delivery: "d-1", to: server) }
            let outcome = try parseJSON(answer.body)["runs"]?.array?.first?["outcome"]?.string
            #expect((answer.status, outcome) == (202, "exists"))
            let left = try await cluster.kubectl("get", "mrun", "-o", "jsonpath={.items[*].metadata.name}")
            #expect(left == "")
            await hub.close()
        }
    }
}
