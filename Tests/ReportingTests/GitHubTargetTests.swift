import Document
import HTTPClient
import HTTPTestSupport
import Model
import ReportingSupport
import Synchronization
import Testing

@testable import Reporting

/// GitHub's side of the conversation, on a server that stands in for it.
@Suite struct GitHubTargetTests {
    private func working(
        _ github: StandInGitHub, app: Bool = true, token: Bool = false, time: TestTime = TestTime(),
        timeoutSeconds: Double = 30, _ body: (Desk) async throws -> Void
    ) async throws {
        try await withHTTP { http in
            let configuration = GitHubConfiguration(
                apiURL: github.url, webURL: github.url, token: token ? Secret("ghp_hush") : nil,
                app: app ? GitHubConfiguration.App(id: "123", key: Secret(SampleKey.pem)) : nil)
            #expect(configuration.problems == [])
            let client = GitHubClient(
                configuration, http: http, clock: time.clock, version: "1.2", timeoutSeconds: timeoutSeconds)
            let target = GitHubTarget(configuration, externalURL: "https://ci.example.com", client: client)
            let desk = Desk([target], time: time)
            try await desk.working(body)
            #expect(github.complaints == [])
            for text in desk.warnings.entries + desk.records.entries {
                #expect(!text.contains("hush") && !text.contains("ghs_"))
            }
        }
    }

    private func run(
        _ github: StandInGitHub, _ kind: NotificationSpec.GitHub = .checks, stages: [StageStatus],
        end: Condition.Status? = nil, rerun: Int = 0
    ) -> PipelineRun {
        .sample(github: kind, stages: stages, end: end, rerun: rerun, url: github.repository)
    }

    private let lint = Fence(run: "u1", stage: "lint", attempt: 1)
    private let found: [Annotation] = (1...120).map { .sample("a.py", line: $0) }

    // MARK: Statuses

    @Test func `statuses follow the run's state, and only its changes`() async throws {
        let github = try StandInGitHub()
        try await working(github, app: false, token: true) { desk in
            desk.list(run(github, .statuses, stages: [.sample("lint", .queued)]))
            #expect(await desk.records.first(1) == ["u1 github pending/0 -"])
            desk.observe(run(github, .statuses, stages: [.sample("lint", .running)]))
            desk.observe(run(github, .statuses, stages: [.sample("lint", .succeeded)], end: .true))
            #expect(await desk.records.first(2).last == "u1 github success/0 -")
        }
        #expect(github.statuses == ["martlet/app pending", "martlet/app success"])
        #expect(github.calls == Array(repeating: "POST /repos/acme/app/statuses/\(commit)", count: 2))
        #expect(github.requests.entries.first?["authorization"] == "Bearer ghp_hush")
        let body = try github.requests.entries.first?.json.json()
        #expect(
            body == #"{"state":"pending","target_url":"https://ci.example.com/runs/-/app-u1","#
                + #""description":"Runs","context":"martlet/app"}"#)
    }

    @Test func `a restart sends no status twice`() async throws {
        let github = try StandInGitHub()
        try await working(github, app: false, token: true) { desk in
            var other = run(github, .statuses, stages: [.sample("lint", .failed)], end: .false)
            other.metadata.uid = "u2"
            desk.list(
                run(github, .statuses, stages: [.sample("lint", .succeeded)], end: .true).told("github", "success/0"),
                other.told("github", "pending/0"))
            #expect(await desk.records.first(1) == ["u2 github failure/0 -"])
        }
        #expect(github.statuses == ["martlet/app failure"])
    }

    @Test func `checks without an App become statuses`() async throws {
        let github = try StandInGitHub()
        try await working(github, app: false, token: true) { desk in
            desk.list(run(github, stages: [.sample("lint", .failed)], end: .false))
            await desk.records.first(1)
        }
        #expect(github.statuses == ["martlet/app failure"])
    }

    @Test func `an App can write statuses too`() async throws {
        let github = try StandInGitHub()
        try await working(github) { desk in
            desk.list(run(github, .statuses, stages: [.sample("lint", .failed)], end: .false))
            await desk.records.first(1)
        }
        #expect(
            github.calls.prefix(2) == ["GET /repos/acme/app/installation", "POST /app/installations/77/access_tokens"])
        #expect(github.statuses == ["martlet/app failure"])
    }

    @Test func `runs of other hosts, without a commit, or whose pipeline doesn't ask are not told of`() async throws {
        let github = try StandInGitHub()
        try await working(github, app: false, token: true) { desk in
            var late = run(github, .statuses, stages: [], end: .true)
            late.metadata.uid = "u9"
            desk.list(
                .sample("u1", github: .statuses, end: .true),
                .sample("u2", github: .statuses, end: .true, url: github.repository, revision: nil),
                .sample("u3", github: .statuses, end: .true, url: github.repository, revision: "v1"),
                .sample("u4", end: .true, url: github.repository), late)
            #expect(await desk.records.first(1) == ["u9 github success/0 -"])
        }
        #expect(github.calls.count == 1)
    }

    // MARK: Check runs

    @Test func `each stage has a check run that follows it`() async throws {
        let github = try StandInGitHub()
        try await working(github) { desk in
            desk.list(run(github, stages: [.sample("lint", .running), .sample("test", .pending)]))
            #expect(await desk.records.first(1) == ["u1 github Active/0 -"])
            #expect(github.checks.map(\.state) == ["in_progress", "queued"])
            desk.observe(run(github, stages: [.sample("lint", .succeeded), .sample("test", .running)]))
            // Two more requests, and none for what hasn't changed.
            await github.requests.first(7)
            desk.observe(run(github, stages: [.sample("lint", .succeeded), .sample("test", .failed)], end: .false))
            #expect(await desk.records.first(2).last == "u1 github Failed/0 -")
        }
        #expect(
            github.checks == [
                .init(id: 100, externalID: "u1/lint/0", name: "app / lint", state: "completed/success"),
                .init(id: 101, externalID: "u1/test/0", name: "app / test", state: "completed/failure"),
            ])
        #expect(
            github.calls == [
                "GET /repos/acme/app/installation", "POST /app/installations/77/access_tokens",
                "GET /repos/acme/app/commits/\(commit)/check-runs?filter=all&per_page=100&page=1",
                "POST /repos/acme/app/check-runs", "POST /repos/acme/app/check-runs",
                "PATCH /repos/acme/app/check-runs/100", "PATCH /repos/acme/app/check-runs/101",
                "PATCH /repos/acme/app/check-runs/101",
            ])
    }

    @Test func `after a restart the check runs that are there go on`() async throws {
        // On the second page, behind those of other runs.
        var there = (0..<105).map { number in
            StandInGitHub.Check(id: number, externalID: "other/lint/\(number)", name: "", state: "queued")
        }
        there.append(.init(id: 500, externalID: "u1/lint/0", name: "app / lint", state: "in_progress"))
        let github = try StandInGitHub(checks: there)
        try await working(github) { desk in
            desk.list(
                run(github, stages: [.sample("lint", .succeeded)], end: .true).told("github", "Active/0"))
            #expect(await desk.records.first(1) == ["u1 github Succeeded/0 -"])
        }
        #expect(github.checks.count == 106)
        #expect(github.checks.last?.state == "completed/success")
    }

    @Test func `a check run whose answer was lost is not made twice`() async throws {
        // The fourth request makes it; its answer never comes.
        let github = try StandInGitHub(lostAnswers: [3])
        try await working(github) { desk in
            desk.list(run(github, stages: [.sample("lint", .failed)], end: .false))
            #expect(await desk.records.first(1) == ["u1 github Failed/0 -"])
        }
        #expect(github.checks.map(\.externalID) == ["u1/lint/0"])
        #expect(github.calls.suffix(2).map { $0.prefix(5) } == ["GET /", "PATCH"])
    }

    @Test func `annotations go in parts of fifty`() async throws {
        let github = try StandInGitHub()
        try await working(github) { desk in
            let start = run(github, stages: [.sample("lint", .running)])
            desk.list(start)
            await desk.records.first(1)
            desk.reporter.annotated(lint, of: start, found)
            // Its agent has said it twice.
            desk.reporter.annotated(lint, of: start, found)
            desk.observe(run(github, stages: [.sample("lint", .failed)], end: .false))
            await desk.records.first(2)
        }
        #expect(github.checks.first?.annotations == 120)
        #expect(github.calls.count { $0.hasPrefix("PATCH") } == 3)
    }

    @Test func `annotations that come while a check run is being told of are kept`() async throws {
        let hears = Mutex<(@Sendable () -> Void)?>(nil)
        let (lint, found) = (lint, found)
        let github = try StandInGitHub { request, _ in
            // The agent's word comes while GitHub thinks about the stage that still runs.
            if request.method == "POST", request.target.hasSuffix("/check-runs") {
                hears.withLock { $0 }?()
            }
            return nil
        }
        try await working(github) { desk in
            let running = run(github, stages: [.sample("lint", .running)])
            hears.withLock { $0 = { desk.reporter.annotated(lint, of: running, found) } }
            desk.list(running)
            await desk.records.first(1)
            desk.observe(run(github, stages: [.sample("lint", .failed)], end: .false))
            await desk.records.first(2)
        }
        #expect(github.checks.map(\.annotations) == [120])
    }

    @Test func `a stage that a rerun keeps holds nothing up with what its agent says again`() async throws {
        let there = StandInGitHub.Check(
            id: 500, externalID: "u1/lint/0", name: "app / lint", state: "completed/success", annotations: 120)
        let github = try StandInGitHub(checks: [there])
        try await working(github) { desk in
            let stages = [StageStatus.sample("lint", .succeeded), .sample("test", .succeeded, attempt: 2)]
            var end = run(github, stages: stages, end: .true, rerun: 1)
            end.status.startTime = dawn.adding(seconds: 300)
            desk.list(end)
            await desk.records.first(1)
            desk.reporter.annotated(lint, of: end, found)
            await desk.idle()
            #expect(desk.reporter.keptRuns == 0)
        }
        #expect(github.checks.map(\.annotations) == [120, 0])
    }

    @Test func `an App that was installed anew is found`() async throws {
        let time = TestTime()
        let tokens = Mutex(0)
        let github = try StandInGitHub { request, _ in
            guard request.target.hasSuffix("/access_tokens") else { return nil }
            let number = tokens.withLock { tokens in
                tokens += 1
                return tokens
            }
            return number == 2 ? StandIn.Answer(status: 404, body: #"{"message":"Not Found"}"#) : nil
        }
        try await working(github, time: time) { desk in
            desk.list(run(github, stages: [.sample("lint", .running)]))
            await desk.records.first(1)
            time.pass(.seconds(4000))
            desk.observe(run(github, stages: [.sample("lint", .succeeded)], end: .true))
            await desk.records.first(2)
            #expect(desk.warnings.entries == [])
        }
        #expect(github.checks.map(\.state) == ["completed/success"])
        #expect(github.calls.count { $0 == "GET /repos/acme/app/installation" } == 2)
    }

    @Test func `annotations that a former process didn't get to are told once their agent says them again`()
        async throws
    {
        let there = StandInGitHub.Check(
            id: 500, externalID: "u1/lint/0", name: "app / lint", state: "completed/failure", annotations: 50)
        let github = try StandInGitHub(checks: [there])
        try await working(github) { desk in
            let end = run(github, stages: [.sample("lint", .failed)], end: .false).told("github", "Failed/0")
            desk.list(end)
            #expect(desk.reporter.keptRuns == 0)
            desk.reporter.annotated(lint, of: end, found)
            #expect(desk.reporter.keptRuns == 1)
            await desk.idle()
            // Once they are there, they aren't looked for again.
            desk.reporter.annotated(lint, of: end, found)
            #expect(desk.reporter.keptRuns == 0)
            #expect(desk.records.entries == [])
        }
        #expect(github.checks.map(\.annotations) == [120])
        #expect(github.checks.map(\.state) == ["completed/failure"])
        #expect(github.calls.count { $0.hasPrefix("PATCH") } == 2)
    }

    @Test func `of a run that goes on, too`() async throws {
        let github = try StandInGitHub()
        try await working(github) { desk in
            let running = run(github, stages: [.sample("lint", .failed), .sample("test", .running)])
            desk.list(running)
            await desk.records.first(1)
            #expect(github.checks.map(\.annotations) == [0, 0])
            desk.reporter.annotated(lint, of: running, found)
            await desk.idle()
        }
        #expect(github.checks.map(\.annotations) == [120, 0])
    }

    @Test func `annotations whose answer was lost are not added twice`() async throws {
        // The fifth request adds the second part.
        let github = try StandInGitHub(lostAnswers: [4])
        try await working(github) { desk in
            let start = run(github, stages: [.sample("lint", .running)])
            desk.list(start)
            desk.reporter.annotated(lint, of: start, found)
            desk.observe(run(github, stages: [.sample("lint", .failed)], end: .false))
            await desk.records.first(1)
        }
        #expect(github.checks.map(\.annotations) == [120])
    }

    @Test func `a rerun gets check runs of its own, but for what it keeps`() async throws {
        let github = try StandInGitHub()
        try await working(github) { desk in
            let lint = StageStatus.sample("lint", .succeeded)
            desk.list(run(github, stages: [lint, .sample("test", .running)]))
            await desk.records.first(1)
            desk.observe(run(github, stages: [lint, .sample("test", .failed)], end: .false))
            await desk.records.first(2)
            var again = run(github, stages: [lint, .sample("test", .running, attempt: 2)], rerun: 1)
            again.status.startTime = dawn.adding(seconds: 300)
            desk.observe(again)
            #expect(await desk.records.first(3).last == "u1 github Active/1 -")
        }
        #expect(github.checks.map(\.externalID) == ["u1/lint/0", "u1/test/0", "u1/test/1"])
    }

    // MARK: Trouble

    @Test func `a token that is no longer valid is renewed once, and one that is about to end before it does`()
        async throws
    {
        let time = TestTime()
        let github = try StandInGitHub { request, number in
            request["authorization"] == "Bearer ghs_1" && number == 2 ? StandIn.Answer(status: 401) : nil
        }
        try await working(github, time: time) { desk in
            desk.list(run(github, .statuses, stages: [.sample("lint", .running)]))
            await desk.records.first(1)
            time.pass(.seconds(3301))
            desk.observe(run(github, .statuses, stages: [.sample("lint", .failed)], end: .false))
            await desk.records.first(2)
        }
        let bearers = github.requests.entries.filter { $0.target.contains("/statuses/") }.compactMap {
            $0["authorization"]
        }
        #expect(bearers == ["Bearer ghs_1", "Bearer ghs_2", "Bearer ghs_3"])
    }

    struct Limit: CustomTestStringConvertible {
        var name: String
        var answer: StandIn.Answer
        var seconds: Int
        var testDescription: String { name }
    }

    @Test(arguments: [
        Limit(name: "Retry-After", answer: .init(status: 429, headers: ["Retry-After: 70"]), seconds: 70),
        Limit(
            name: "a reset",
            answer: .init(
                status: 403, headers: ["x-ratelimit-remaining: 0", "x-ratelimit-reset: \(1_700_000_000 + 125 + 600)"]),
            seconds: 600),
        Limit(
            name: "a secondary limit, twice",
            answer: .init(status: 403, body: #"{"message":"You have exceeded a secondary rate limit"}"#),
            seconds: 180),
    ])
    func `limits pause everything that goes to GitHub`(_ example: Limit) async throws {
        let github = try StandInGitHub { _, number in number < 2 ? example.answer : nil }
        try await working(github, app: false, token: true) { desk in
            desk.list(run(github, .statuses, stages: [.sample("lint", .failed)], end: .false))
            await desk.records.first(1)
            #expect(desk.time.now >= .seconds(example.seconds))
            #expect(desk.warnings.entries.count == 1)
            #expect(desk.counts.entries == ["github retried", "github retried", "github sent"])
        }
    }

    @Test func `errors and broken connections pass`() async throws {
        let github = try StandInGitHub { _, number in
            switch number {
            case 0: StandIn.Answer(status: 502)
            case 1: .cut
            default: nil
            }
        }
        try await working(github, app: false, token: true) { desk in
            desk.list(run(github, .statuses, stages: [.sample("lint", .failed)], end: .false))
            await desk.records.first(1)
            #expect(desk.warnings.entries == ["GitHub answers 502; it is tried again until it works"])
        }
        #expect(github.statuses == ["martlet/app failure"])
    }

    @Test func `a check run whose making took too long is looked for before it is made again`() async throws {
        let github = try StandInGitHub { _, number in number == 3 ? .silent : nil }
        try await working(github, timeoutSeconds: 1) { desk in
            desk.list(run(github, stages: [.sample("lint", .failed)], end: .false))
            await desk.records.first(1)
        }
        #expect(github.calls.suffix(3).map { $0.prefix(4) } == ["POST", "GET ", "POST"])
        #expect(github.checks.count == 1)
    }

    @Test func `requests that meet the same secondary limit together wait for it once`() async throws {
        let time = TestTime()
        let limited = StandIn.Answer(status: 403, body: #"{"message":"You have exceeded a secondary rate limit"}"#)
        let github = try StandIn([limited])
        try await withHTTP { http in
            let client = GitHubClient(
                GitHubConfiguration(apiURL: github.url, token: Secret("t")), http: http, clock: time.clock, version: "1"
            )
            let repository = try #require(GitHubRepository(owner: "acme", name: "app"))
            var waits: [Int] = []
            for pause in [0, 10, 60, 0, 500] {
                time.pass(.seconds(pause))
                do throws(GitHubError) {
                    _ = try await client.send("GET", "/", for: repository, as: .tokenOrApp)
                } catch {
                    if case .limited(let seconds, _) = error { waits.append(seconds) }
                }
            }
            #expect(waits == [60, 50, 120, 120, 240])
        }
    }

    struct Refusal: CustomTestStringConvertible {
        var status: Int
        var message: String
        var app = false
        var expected: String
        var testDescription: String { expected }
    }

    @Test(arguments: [
        Refusal(
            status: 404, message: "Not Found",
            expected: "GitHub takes nothing for acme/app (404 Not Found); "
                + "check that it is there, and write access to commit statuses"),
        Refusal(
            status: 422, message: "No commit found for SHA",
            expected: "GitHub takes nothing for acme/app (422 No commit found for SHA); "
                + "check that the commit has been pushed there"),
        Refusal(
            status: 401, message: "Bad credentials",
            expected: "GitHub refuses the token; give a valid one (--github-token-file, MARTLET_GITHUB_TOKEN)"),
        Refusal(
            status: 404, message: "Not Found", app: true,
            expected: "the GitHub App isn't installed for acme/app; install it there on the App's page"),
        Refusal(
            status: 401, message: "A JSON web token could not be decoded", app: true,
            expected: "GitHub refuses the App; check --github-app-id, its key, and that this machine's clock is right"
        ),
    ])
    func `a refusal says what to do, once`(_ example: Refusal) async throws {
        let github = try StandInGitHub { _, _ in
            StandIn.Answer(status: example.status, body: #"{"message":"\#(example.message)"}"#)
        }
        try await working(github, app: example.app, token: !example.app) { desk in
            var other = run(github, stages: [.sample("lint", .failed)], end: .false)
            other.metadata.uid = "u2"
            desk.list(run(github, stages: [.sample("lint", .failed)], end: .false), other)
            #expect(await desk.counts.first(2) == ["github failed", "github failed"])
            #expect(await desk.warnings.first(1) == [example.expected])
        }
    }
}
