import Controller
import Document
import Execution
import Glibc
import HTTPClient
import HTTPTestSupport
import Model
import ReportingSupport
import Synchronization
import Testing

/// From a push to a green check: a git server, signed webhooks, four agents, stand-ins for GitHub's API and for Slack.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PushToCheckTests {
    private static let posted = StandIn.Answer(body: #"{"ok":true,"channel":"C9","ts":"1700000000.000100"}"#)

    /// A Slack that is busy at first, and refuses what its documentation doesn't have.
    private func slack(_ complaints: Journal<String>) throws -> StandIn {
        try StandIn { request, number in
            guard number > 0 else { return StandIn.Answer(status: 429, headers: ["Retry-After: 1"]) }
            if request["authorization"] != "Bearer xoxb-test" { complaints.append("authorization") }
            let body = try? request.json
            for key in body?.members?.map(\.key) ?? []
            where !["channel", "text", "blocks", "ts", "unfurl_links", "unfurl_media"].contains(key) {
                complaints.append("\(request.call): \(key)")
            }
            if body?["channel"]?.string == nil || body?["text"]?.string == nil { complaints.append(request.call) }
            if request.target.hasSuffix("chat.update"), body?["ts"]?.string != "1700000000.000100" {
                complaints.append("ts")
            }
            return Self.posted
        }
    }

    private func manifest(_ hub: Hub, test: String = "exit 0") -> String {
        """
        apiVersion: martlet.dev/v1alpha1
        kind: Pipeline
        metadata: {name: app}
        spec:
          source: {url: "\(hub.repository)"}
          triggers:
            - push: {branches: [main], pathsIgnore: ["docs/**"]}
          concurrency: {group: "app-$(source.branch)", policy: CancelOlder}
          notifications:
            slack: {events: [Failed, Recovered, Succeeded]}
            github: Checks
          stages:
            - name: lint
            - name: test
              needs: [lint]
              run: "\(test)"
            - {name: build, needs: [test], run: "echo building"}
            - {name: security, needs: [test], run: "echo scanning"}

        """
    }

    private func server(_ child: Child) async throws -> String {
        let line = try await child.errors.line("listening on http://")
        return try #require(line.split(separator: " ").last.map(String.init))
    }

    private func environment(_ slack: StandIn) -> [String: String] {
        [
            "MARTLET_GITHUB_WEBHOOK_SECRET": Hub.secret, "MARTLET_SLACK_TOKEN": "xoxb-test",
            "MARTLET_SLACK_CHANNEL": "#ci", "MARTLET_SLACK_API_URL": "\(slack.url)/api",
        ]
    }

    @Test func aPushBecomesAGreenCheckExactlyOnce() async throws {
        try await withHome { home in
            let hub = try await Hub(
                in: home, sample: "manifests/samples/greeter", files: ["extra.py": "import os\nimport sys\n"])
            let commit = try await hub.push("Greet politely")
            let complaints = Journal<String>()
            let slack = try slack(complaints)
            let github = try StandInGitHub(
                StandInGitHub.World(commit: commit, userAgent: "martlet/0.1.0", now: .now)
            ) { request, number in
                // Its second answer is lost in trouble of its own.
                number == 1 ? StandIn.Answer(status: 500, body: "{}") : nil
            }
            try home.write(manifest(hub), to: "manifests/app.yaml")
            try home.write(SampleKey.pem, to: "app.pem", mode: 0o600)
            let arguments = [
                "controller", "--manifests", "manifests", "--listen", "127.0.0.1:0", "--github-api-url", github.url,
                "--github-url", hub.url, "--github-app-id", "123", "--github-app-key-file", "app.pem",
                "--external-url", "https://ci.example.com", "--log-format", "json",
            ]
            let controller = try home.start(Programs.martlet, arguments, environment: environment(slack))
            let line = try await controller.errors.line("listening on http://")
            let message = try #require(try parseJSON(line)["message"]?.string)
            let server = try #require(message.split(separator: " ").last.map(String.init))
            for kind in ["lint", "test", "build", "security"] { _ = try home.agent(kind, "--state", ".martlet") }

            // The same delivery, five times at once.
            let body = hub.payload(of: commit, message: "Greet politely")
            let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        let answer = try await hub.deliver(body, delivery: "d-1", to: server)
                        #expect(answer.status == 202)
                        let run = try parseJSON(answer.body)["runs"]?.array?.first
                        return "\(run?["name"]?.string ?? "") \(run?["outcome"]?.string ?? "")"
                    }
                }
                var outcomes: [String] = []
                for try await outcome in group { outcomes.append(outcome) }
                return outcomes.sorted()
            }
            let name = try #require(outcomes.first?.split(separator: " ").first.map(String.init))
            #expect(
                outcomes == ["\(name) exists", "\(name) exists", "\(name) exists", "\(name) exists", "\(name) made"])
            let forged = try await hub.deliver(body, delivery: "d-2", to: server, secret: "not the secret at all")
            #expect(forged.status == 401)

            let run = try await home.run(name)
            #expect(run.status.succeeded?.status == .true, "\(run.status.succeeded?.message ?? "")")
            #expect(run.status.source?.revision == commit)
            // What has been told is in the status, in the end.
            let told = try await home.run(name) { run in
                run.status.notifications.contains { $0.target == "slack" && $0.event.hasPrefix("Succeeded") }
                    && run.status.notifications.contains { $0.target == "github" && !$0.event.hasPrefix("Active") }
            }
            #expect(told.status.notifications.count == 2)
            #expect(github.complaints == [])
            #expect(
                github.checks.map { "\($0.name) \($0.state)" }.sorted() == [
                    "app / build completed/success", "app / lint completed/success",
                    "app / security completed/success", "app / test completed/success",
                ])
            #expect((github.checks.first { $0.name == "app / lint" }?.annotations ?? 0) >= 1)
            #expect(complaints.entries == [])
            let posts = slack.requests.entries.map(\.target)
            #expect(posts.count { $0.hasSuffix("chat.postMessage") } == 2, "the first of them was refused: \(posts)")
            let last = String(decoding: try #require(slack.requests.entries.last).body, as: UTF8.self)
            #expect(last.contains("https://ci.example.com/runs/-/\(name)"))

            // Every line of the log is an object, and says which run it is about.
            let lines = try controller.errors.lines.map { try parseJSON($0) }
            #expect(lines.contains { $0["run"]?.string == name && $0["stage"]?.string == "lint" })
            #expect(!controller.errors.text.contains("xoxb-test") && !controller.errors.text.contains(Hub.secret))

            try await lookAt(server, run: name, hub, home)

            // Another process takes it up: nothing is made or told again.
            let count = slack.requests.entries.count
            controller.send(SIGTERM)
            _ = try await controller.finish()
            let next = try home.start(Programs.martlet, arguments, environment: environment(slack))
            let again = try #require(
                try parseJSON(try await next.errors.line("listening on http://"))["message"]?.string?
                    .split(separator: " ").last.map(String.init))
            let answer = try await hub.deliver(body, delivery: "d-1", to: again)
            #expect(String(decoding: answer.body, as: UTF8.self).contains(#""outcome":"exists""#))
            #expect(slack.requests.entries.count == count)
            await hub.close()
        }
    }

    @Test func whatALinterFoundIsAnnotatedAlthoughTheControllerWasKilledBeforeItCouldTell() async throws {
        try await withHome { home in
            let hub = try await Hub(
                in: home, sample: "manifests/samples/greeter", files: ["extra.py": "import os\nimport sys\n"])
            let commit = try await hub.push("Greet politely")
            let slack = try slack(Journal())
            let isUp = Mutex(false)
            let github = try StandInGitHub(
                StandInGitHub.World(commit: commit, userAgent: "martlet/0.1.0", now: .now)
            ) { request, _ in
                request.target.contains("/check-runs") && !isUp.withLock { $0 } ? StandIn.Answer(status: 502) : nil
            }
            func annotations() -> Int { github.checks.first { $0.name == "app / lint" }?.annotations ?? 0 }
            try home.write(manifest(hub), to: "manifests/app.yaml")
            try home.write(SampleKey.pem, to: "app.pem", mode: 0o600)
            let arguments = [
                "controller", "--manifests", "manifests", "--listen", "127.0.0.1:0", "--github-api-url", github.url,
                "--github-url", hub.url, "--github-app-id", "123", "--github-app-key-file", "app.pem",
            ]
            let controller = try home.start(Programs.martlet, arguments, environment: environment(slack))
            let server = try await server(controller)
            for kind in ["lint", "test", "build", "security"] { _ = try home.agent(kind, "--state", ".martlet") }
            let answer = try await hub.deliver(
                hub.payload(of: commit, message: "Greet politely"), delivery: "d-1", to: server)
            let name = try #require(try parseJSON(answer.body)["runs"]?.array?.first?["name"]?.string)
            let run = try await home.run(name)
            #expect(!run.status.notifications.contains { $0.target == "github" })
            try await controller.crash()

            isUp.withLock { $0 = true }
            let next = try home.start(Programs.martlet, arguments, environment: environment(slack))
            _ = try await self.server(next)
            var seen = 0
            while annotations() == 0, !Task.isCancelled { seen = await github.requests.first(seen + 1).count }
            // A third one looks, and finds that all is there.
            let found = annotations()
            #expect(found >= 1)
            try await home.run(name) { run in
                run.status.notifications.contains { $0.target == "github" && !$0.event.hasPrefix("Active") }
            }
            try await next.crash()
            let count = github.calls.count
            let third = try home.start(Programs.martlet, arguments, environment: environment(slack))
            _ = try await self.server(third)
            seen = count
            while !github.calls.dropFirst(count).contains(where: { $0.contains("/check-runs?") }), !Task.isCancelled {
                seen = await github.requests.first(seen + 1).count
            }
            third.send(SIGTERM)
            _ = try await third.finish()
            #expect(annotations() == found)
            #expect(github.checks.count == 4)
            #expect(!github.calls.dropFirst(count).contains { $0.hasPrefix("PATCH") })
            #expect(github.complaints == [])
            await hub.close()
        }
    }

    @Test func anAddressThatIsTakenEndsTheControllerWithTheReason() async throws {
        try await withHome { home in
            let other = try StandIn([StandIn.Answer()])
            try FileSystem.makeFolder("\(home.path)/manifests", mode: 0o755)
            let ending = try await home.martlet(
                "controller", "--manifests", "manifests", "--agent", "shell", "--listen", other.host)
            #expect(ending.code == 1)
            #expect(ending.errors.contains("can't listen at \(other.host)"), "\(ending.errors)")
        }
    }

    /// The page as a browser shows it, and the metrics as Prometheus reads them.
    private func lookAt(_ server: String, run: String, _ hub: Hub, _ home: Home) async throws {
        let metrics = try await hub.get("\(server)/metrics")
        #expect(metrics.contains(#"martlet_runs_total{outcome="Succeeded"} 1"#))
        #expect(metrics.contains(#"martlet_webhook_requests_total{event="push",code="202"} 5"#))
        #expect(metrics.contains(#"martlet_webhook_requests_total{event="push",code="401"} 1"#))
        try home.write(metrics, to: "metrics.txt")
        try await home.tool("sh", "-c", "promtool check metrics < metrics.txt")
        #expect(try await hub.get("\(server)/healthz").trimmed == "ok")
        #expect(try await hub.get("\(server)/readyz").trimmed == "ready")
        let page = try await home.tool(
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--user-data-dir=\(home.path)/browser", "--dump-dom", "\(server)/")
        for word in [run, "app", "Succeeded", "Greet politely"] { #expect(page.contains(word), "\(word)") }
        let one = try await home.tool(
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--user-data-dir=\(home.path)/browser", "--dump-dom", "\(server)/runs/-/\(run)")
        for word in ["lint", "test", "build", "security", "ada"] { #expect(one.contains(word), "\(word)") }
    }

    @Test func aFailureIsToldWithItsLastLinesAndASuccessAfterItIsARecovery() async throws {
        try await withHome { home in
            let hub = try await Hub(in: home, sample: "manifests/samples/greeter")
            let complaints = Journal<String>()
            let slack = try slack(complaints)
            let github = try StandIn { request, _ in
                StandIn.Answer(status: request.target.contains("/statuses/") ? 201 : 404)
            }
            let text = manifest(hub, test: "echo 'the oven is cold'; test -f fixed")
                .replacing("github: Checks", with: "github: Statuses")
            try home.write(text, to: "manifests/app.yaml")
            try home.write("ghp_test\n", to: "token", mode: 0o600)
            let controller = try home.start(
                Programs.martlet,
                [
                    "controller", "--manifests", "manifests", "--listen", "127.0.0.1:0", "--github-api-url", github.url,
                    "--github-url", hub.url, "--github-token-file", "token", "--agent", "lint", "--agent", "test",
                    "--agent", "build", "--agent", "security",
                ], environment: environment(slack))
            let server = try await server(controller)

            var seen = 0
            for (number, push) in [("Break it", "refs/heads/main"), ("Mend it", "refs/heads/main")].enumerated() {
                let commit = try await hub.push(push.0, number == 0 ? [:] : ["fixed": "yes\n"])
                let answer = try await hub.deliver(
                    hub.payload(of: commit, message: push.0), delivery: "d-\(number)", to: server)
                let name = try #require(
                    try parseJSON(answer.body)["runs"]?.array?.first?["name"]?.string)
                // The record names the outcome; the message, what that means after the last one.
                let word = number == 0 ? "Failed" : "Succeeded"
                let run = try await home.run(name) { run in
                    run.status.notifications.contains { $0.target == "slack" && $0.event.hasPrefix(word) }
                        && run.status.notifications.contains { $0.target == "github" && !$0.event.hasPrefix("pending") }
                }
                #expect(run.status.formerOutcome == (number == 0 ? .unknown : .false))
                let said = slack.requests.entries.dropFirst(seen).map { String(decoding: $0.body, as: UTF8.self) }
                seen = slack.requests.entries.count
                let last = try #require(said.last)
                #expect(last.lowercased().contains(number == 0 ? "failed" : "recovered"), "\(last)")
                if number == 0 { #expect(last.contains("the oven is cold") && last.contains("test"), "\(last)") }
                let states = github.requests.entries.filter { $0.target.hasSuffix("/statuses/\(commit)") }
                    .compactMap { try? $0.json["state"]?.string }
                #expect(states == ["pending", number == 0 ? "failure" : "success"])
            }
            #expect(complaints.entries == [])
            await hub.close()
        }
    }
}

extension Timestamp {
    fileprivate static var now: Timestamp {
        Moment.now.wall
    }
}
