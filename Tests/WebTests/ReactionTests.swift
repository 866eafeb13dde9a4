import Controller
import Document
import HTTPTypes
import Model
import Planning
import Synchronization
import Testing

@testable import Web

@Suite("What deliveries lead to")
struct ReactionTests {
    private func outcome(
        _ event: String, _ json: String, desk: FakeDesk, board: RunBoard = RunBoard(),
        github: GitHubQuestions = GitHubQuestions(mayWrite: { _, _, _ in true }), id: String = "d-1"
    ) async throws -> DeliveryOutcome {
        try await outcome(event, json, id: id, reactions(desk, board: board, github: github))
    }

    private func reactions(
        _ desk: FakeDesk, board: RunBoard = RunBoard(),
        github: GitHubQuestions = GitHubQuestions(mayWrite: { _, _, _ in true })
    ) -> Reactions {
        Reactions(desk: desk, view: board, questions: github, patience: .seconds(60))
    }

    private func outcome(
        _ event: String, _ json: String, id: String = "d-1", _ reactions: Reactions
    ) async throws -> DeliveryOutcome {
        let payload = GitHubPayload(root: try parseJSON(json), delivery: id, received: TestServer.now)
        return await reactions.outcome(
            of: try payload.event(event), in: try payload.repository(), delivery: id)
    }

    // MARK: Runs

    @Test func `a push makes a run of each pipeline that wants it, and says why others get none`() async throws {
        let desk = FakeDesk(pipelines: [
            Sample.pipeline("app"), Sample.pipeline("docs") { $0.triggers = [] },
        ])
        let outcome = try await outcome("push", Sample.push(), desk: desk)
        #expect(outcome.runs.map(\.name) == [NameHash.run(of: "app", for: "d-1")])
        #expect(outcome.runs.map(\.outcome) == [.made])
        #expect(
            outcome.passedOver == [
                PassedPipeline(name: "docs", namespace: nil, reason: "has no trigger for pushes to branches")
            ])
        #expect(try await self.outcome("push", Sample.push(), desk: desk).runs.map(\.outcome) == [.exists])
        #expect(desk.runs.count == 1)
    }

    @Test(arguments: [
        (
            #"{"id":2,"full_name":"eve/shop"}"#,
            "it comes from a fork and waits for /ok-to-test and the commit's full id"
        ),
        (#"{"id":1,"full_name":"acme/shop"}"#, nil),
    ])
    func `a fork's run is made, and the answer says that it waits`(_ head: String, _ reason: String?) async throws {
        let desk = FakeDesk(pipelines: [Sample.pipeline("app")])
        let outcome = try await outcome("pull_request", Sample.pullRequest(headRepository: head), desk: desk)
        #expect(outcome.runs.map(\.outcome) == [.made])
        #expect(outcome.runs.map(\.reason) == [reason])
    }

    @Test(
        arguments: [
            (.refused("it is invalid"), DeliveryOutcome.Word.refused, 202),
            (.failed("the disk is full"), .failed, 503), (.exists, .exists, 202),
        ] as [(MakeOutcome, DeliveryOutcome.Word, Int)])
    func `what becomes of a run is told, and failures ask to be tried again`(
        _ made: MakeOutcome, _ word: DeliveryOutcome.Word, _ status: Int
    ) async throws {
        let desk = FakeDesk(pipelines: [Sample.pipeline()])
        desk.change { $0.makeOutcome = made }
        let outcome = try await outcome("push", Sample.push(), desk: desk)
        #expect(outcome.runs.map(\.outcome) == [word])
        #expect(outcome.answer(to: "d-1", event: "push").status == status)
    }

    @Test func `a home out of reach asks to be tried again`() async throws {
        let desk = FakeDesk()
        desk.change { $0.isOutOfReach = true }
        for (event, json) in [
            ("push", Sample.push()), ("pull_request", Sample.pullRequest("closed")),
            ("check_run", Sample.checkRun("u/test/0")), ("issue_comment", Sample.comment("/retest")),
        ] {
            let answer = try await outcome(event, json, desk: desk, id: event).answer(to: "d", event: event)
            #expect(answer.status == 503, "\(event)")
            #expect(answer.headers[.retryAfter] == "10", "\(event)")
        }
    }

    @Test func `GitHub is asked for changed files only where a pipeline looks at paths`() async throws {
        let asked = Mutex(0)
        let github = GitHubQuestions(changedFiles: { owner, name, number in
            asked.withLock { $0 += 1 }
            return "\(owner)/\(name)#\(number)" == "acme/shop#7" ? ["docs/a.md"] : nil
        })
        func made(_ paths: [String]) async throws -> Int {
            let pipeline = Sample.pipeline { spec in spec.triggers[1].pullRequest?.paths = paths }
            let desk = FakeDesk(pipelines: [pipeline])
            return try await outcome("pull_request", Sample.pullRequest(), desk: desk, github: github).runs.count
        }
        #expect(try await made([]) == 1)
        #expect(asked.withLock { $0 } == 0)
        #expect(try await made(["docs/**"]) == 1)
        #expect(try await made(["src/**"]) == 0)
        #expect(asked.withLock { $0 } == 2)
    }

    @Test func `files that GitHub doesn't tell in time count as unknown`() async throws {
        let desk = FakeDesk(pipelines: [Sample.pipeline { $0.triggers[1].pullRequest?.paths = ["src/**"] }])
        let github = GitHubQuestions(changedFiles: { _, _, _ in
            // Until it is cancelled.
            try? await Task.sleep(for: .seconds(600))
            return ["docs/a.md"]
        })
        let reactions = Reactions(desk: desk, view: RunBoard(), questions: github, patience: .milliseconds(1))
        #expect(try await outcome("pull_request", Sample.pullRequest(), reactions).runs.count == 1)
    }

    @Test func `a closed pull request cancels what is active of its own`() async throws {
        let desk = FakeDesk(runs: [
            Sample.run("active") { $0.makeActive() }, Sample.run("ended"),
            Sample.run("cancelled") { run in
                run.makeActive()
                run.spec.desiredState = .cancelled
            },
            Sample.run("other") { run in
                run.makeActive()
                run.metadata.labels[RunLabels.pullRequest] = "8"
            },
            Sample.run("held") { $0.makeHeldFork() },
        ])
        let outcome = try await outcome("pull_request", Sample.pullRequest("closed"), desk: desk)
        #expect(desk.asked == ["cancel active", "cancel held"])
        #expect(outcome.runs.map(\.outcome) == [.asked, .asked])
    }

    @Test func `one that is closed while GitHub is asked for its files leaves no run behind`() async throws {
        let desk = FakeDesk(pipelines: [Sample.pipeline { $0.triggers[1].pullRequest?.paths = ["src/**"] }])
        let reactions = Mutex<Reactions?>(nil)
        let closing = Mutex<DeliveryOutcome?>(nil)
        let github = GitHubQuestions(changedFiles: { _, _, _ in
            guard let reactions = reactions.withLock({ $0 }) else { return nil }
            let closed = try? await self.outcome(
                "pull_request", Sample.pullRequest("closed"), id: "d-2", reactions)
            closing.withLock { $0 = closed }
            return ["src/a"]
        })
        let made = Reactions(desk: desk, view: RunBoard(), questions: github, patience: .seconds(60))
        reactions.withLock { $0 = made }
        let ended = try await self.outcome("pull_request", Sample.pullRequest("synchronize"), made)
        #expect(closing.withLock { $0 }?.runs == [])
        #expect(ended.reason == "the pull request was closed meanwhile")
        #expect(ended.runs.map(\.outcome) == [.asked])
        #expect(desk.asked == ["cancel \(NameHash.run(of: "app", for: "d-1"))"])

        // What comes later has nothing to do with it.
        reactions.withLock { $0 = nil }
        let later = try await self.outcome("pull_request", Sample.pullRequest("reopened"), id: "d-3", made)
        #expect(later.runs.map(\.outcome) == [.made])
        #expect(desk.asked.count == 1)
    }

    @Test func `one that is opened again while an event from before its closing is under way gets its run`()
        async throws
    {
        let underWay = PullRequestsUnderWay()
        let repository = try GitHubPayload(root: try parseJSON(Sample.push()), delivery: "d", received: TestServer.now)
            .repository()
        let before = underWay.began(7, in: repository)
        underWay.closed(7, in: repository)
        let after = underWay.began(7, in: repository)
        #expect(underWay.ended(before, of: 7, in: repository))
        #expect(!underWay.ended(after, of: 7, in: repository))
        // Nothing is kept.
        underWay.closed(7, in: repository)
        #expect(!underWay.ended(underWay.began(7, in: repository), of: 7, in: repository))
    }

    // MARK: Checks

    @Test func `a check is run again once, and only as its own repository's`() async throws {
        let desk = FakeDesk(runs: [
            Sample.run("app-1"), Sample.run("app-2") { $0.spec.rerunCount = 1 },
            Sample.run("foreign") { $0.metadata.labels[RunLabels.repository] = "x" },
            Sample.run("held") { $0.makeHeldFork() },
        ])
        func words(_ id: String) async throws -> [DeliveryOutcome.Word] {
            try await outcome("check_run", Sample.checkRun(id), desk: desk, id: id).runs.map(\.outcome)
        }
        #expect(try await words("uid-app-1/test/0") == [.asked])
        #expect(try await words("uid-app-2/test/0") == [.exists])
        #expect(try await words("uid-app-2/test.3/1") == [.asked])
        #expect(try await words("uid-foreign/test/0") == [])
        #expect(try await words("uid-held/test/0") == [.refused])
        for id in ["", "uid-app-1", "uid-app-1/0", "/test/0", "uid-app-1/test/x", "gone/test/0"] {
            #expect(try await words(id) == [], "\(id)")
        }
        #expect(desk.asked == ["rerun app-1", "rerun app-2"])
    }

    @Test func `a commit's failed runs are run again, the newest of each pipeline`() async throws {
        let board = RunBoard()
        board.followed(
            .listed(
                runs: [
                    Sample.run("older") { $0.metadata.creationTimestamp = Timestamp(seconds: 1) }, Sample.run("newer"),
                    Sample.run("elsewhere") { $0.spec.source?.revision = Sample.other },
                ], pipelines: []))
        let desk = FakeDesk()
        let json = """
            {"action":"rerequested","check_suite":{"head_sha":"\(Sample.commit)"},"repository":\(Sample.repository)}
            """
        _ = try await outcome("check_suite", json, desk: desk, board: board)
        #expect(desk.asked == ["rerun newer"])
    }

    // MARK: Comments

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var body: String
        var runs: [PipelineRun]
        var asked: [String]

        init(_ name: String, _ body: String, _ runs: [PipelineRun], asked: [String]) {
            testDescription = name
            self.body = body
            self.runs = runs
            self.asked = asked
        }
    }

    @Test(arguments: [
        Case("the newest failed run", "/retest", [Sample.run("b"), Sample.run("a")], asked: ["rerun b"]),
        Case(
            "of each pipeline", "/retest",
            [Sample.run("a"), Sample.run("b") { $0.spec.pipelineRef = PipelineReference(name: "docs") }],
            asked: ["rerun a", "rerun b"]),
        Case(
            "nothing older than one that runs", "/retest", [Sample.run("b") { $0.makeActive() }, Sample.run("a")],
            asked: []),
        Case(
            "nothing that has succeeded", "/retest",
            [
                Sample.run("a") { run in
                    run.status.conditions.set(
                        Condition.succeeded, .true, reason: Reason.succeeded, at: Timestamp(seconds: 1))
                }
            ], asked: []),
        Case(
            "nothing of a fork that nobody has let go", "/retest",
            [
                Sample.run("a") { run in
                    run.makeHeldFork()
                    run.status.completionTime = Timestamp(seconds: 1)
                }
            ], asked: []),
        Case("nothing twice", "/retest", [Sample.run("a") { $0.spec.rerunCount = 1 }], asked: []),
        Case(
            "all that is active is cancelled", "/cancel",
            [Sample.run("a") { $0.makeActive() }, Sample.run("b"), Sample.run("c") { $0.makeHeldFork() }],
            asked: ["cancel a", "cancel c"]),
        Case(
            "what has ended and waits to run again is cancelled, too", "/cancel",
            [Sample.run("a") { $0.spec.rerunCount = 1 }], asked: ["cancel a"]),
        Case(
            "a fork's run goes at exactly the commit named", "/ok-to-test \(Sample.commit)",
            [
                Sample.run("a") { $0.makeHeldFork() },
                Sample.run("b") { run in
                    run.makeHeldFork()
                    run.spec.source?.revision = Sample.other
                },
            ], asked: ["resume a"]),
        Case(
            "another commit, or its beginning, lets nothing go", "/ok-to-test \(Sample.commit.prefix(39))",
            [Sample.run("a") { $0.makeHeldFork() }], asked: []),
        Case(
            "a fork's run that nobody looked at in time runs after all, the newest of each pipeline",
            "/ok-to-test \(Sample.commit)",
            [
                Sample.run("b") { run in
                    run.makeHeldFork()
                    run.status.completionTime = Timestamp(seconds: 1)
                },
                Sample.run("a") { run in
                    run.makeHeldFork()
                    run.status.completionTime = Timestamp(seconds: 1)
                },
                Sample.run("superseded") { run in
                    run.makeHeldFork()
                    run.spec.pipelineRef = PipelineReference(name: "docs")
                    run.spec.desiredState = .running
                    run.status.completionTime = Timestamp(seconds: 1)
                },
            ], asked: ["rerun b", "resume b", "rerun superseded"]),
        Case(
            "a fork's run that goes already is left alone", "/ok-to-test \(Sample.commit)",
            [
                Sample.run("a") { run in
                    run.makeActive()
                    run.spec.source?.trust = .fork
                }
            ], asked: []),
        Case(
            "what a person has paused isn't let go", "/ok-to-test \(Sample.commit)",
            [
                Sample.run("a") { run in
                    run.makeActive()
                    run.spec.desiredState = .paused
                }
            ], asked: []),
        Case(
            "several commands in one comment", "/cancel\\n/ok-to-test \(Sample.commit)",
            [Sample.run("a") { $0.makeHeldFork() }], asked: ["cancel a", "resume a"]),
    ])
    func `a comment of somebody who may write is obeyed`(_ example: Case) async throws {
        let desk = FakeDesk(runs: example.runs)
        let outcome = try await outcome("issue_comment", Sample.comment(example.body), desk: desk)
        #expect(desk.asked == example.asked)
        if example.asked.isEmpty { #expect(outcome.reason != nil || outcome.runs.allSatisfy { $0.outcome != .asked }) }
    }

    @Test(
        arguments: [
            (true, "NONE", true), (false, "OWNER", false), (false, "COLLABORATOR", false), (nil, "OWNER", true),
            (nil, "MEMBER", false), (nil, "COLLABORATOR", false), (nil, "CONTRIBUTOR", false),
        ] as [(Bool?, String, Bool)])
    func `who may write is for GitHub to say, and the owner where it can't be asked`(
        _ answer: Bool?, _ association: String, _ isObeyed: Bool
    ) async throws {
        let desk = FakeDesk(runs: [Sample.run("a")])
        let github = GitHubQuestions(mayWrite: { owner, name, user in
            "\(owner)/\(name) \(user)" == "acme/shop ada" ? answer : nil
        })
        _ = try await outcome(
            "issue_comment", Sample.comment("/retest", association: association), desk: desk, github: github)
        #expect(desk.asked == (isObeyed ? ["rerun a"] : []))
    }

    @Test(arguments: [true, false])
    func `a comment that GitHub gave no answer about may be delivered again`(_ mayPass: Bool) async throws {
        struct Silence: Error {}
        let desk = FakeDesk(runs: [Sample.run("a")])
        let silent = GitHubQuestions(mayWrite: { _, _, _ in
            if mayPass { throw Silence() }
            return nil
        })
        let outcome = try await outcome("issue_comment", Sample.comment("/retest"), desk: desk, github: silent)
        #expect(outcome.mayHelpToTryAgain == mayPass)
        let again = try await self.outcome("issue_comment", Sample.comment("/retest"), desk: desk)
        #expect(again.runs.map(\.outcome) == (mayPass ? [.asked] : []))
    }

    @Test func `a button pressed before all is listed may be pressed again`() async throws {
        let json = """
            {"action":"rerequested","check_suite":{"head_sha":"\(Sample.commit)"},"repository":\(Sample.repository)}
            """
        #expect(try await outcome("check_suite", json, desk: FakeDesk()).mayHelpToTryAgain)
    }

    @Test func `a comment that is delivered again is obeyed once, but for one that failed`() async throws {
        let desk = FakeDesk(runs: [Sample.run("a")])
        var reactions = reactions(desk)
        desk.change { $0.askOutcome = .failed("busy") }
        #expect(try await outcome("issue_comment", Sample.comment("/retest"), reactions).mayHelpToTryAgain)
        desk.change { $0.askOutcome = .done }
        #expect(
            try await outcome("issue_comment", Sample.comment("/retest"), reactions).runs.map(\.outcome) == [.asked])
        #expect(try await outcome("issue_comment", Sample.comment("/retest"), reactions).runs == [])
        // Another process of the same home.
        reactions = self.reactions(desk)
        #expect(try await outcome("issue_comment", Sample.comment("/retest"), reactions).runs == [])
        #expect(desk.asked == ["rerun a", "rerun a"])
    }

    @Test func `a comment is not obeyed where it isn't known whether it has been`() async throws {
        let desk = FakeDesk(runs: [Sample.run("a")])
        desk.change { $0.isOutOfReach = true }
        #expect(try await outcome("issue_comment", Sample.comment("/retest"), desk: desk).mayHelpToTryAgain)
        #expect(desk.asked == [])
    }

    @Test func `a comment that was obeyed and can't be remembered isn't asked for again`() async throws {
        let desk = FakeDesk(runs: [Sample.run("a")])
        desk.change { $0.forgets = true }
        let outcome = try await outcome("issue_comment", Sample.comment("/retest"), desk: desk)
        #expect(outcome.runs.map(\.outcome) == [.asked])
        #expect(!outcome.mayHelpToTryAgain)
        #expect(outcome.reason?.contains("not remembered") == true)
    }

    @Test func `a delivery that comes while it is being handled is left alone`() {
        let underWay = DeliveriesUnderWay()
        #expect(underWay.begin("a") && underWay.begin("b"))
        #expect(!underWay.begin("a"))
        underWay.end("a")
        #expect(underWay.begin("a") && !underWay.begin("b"))
    }
}
