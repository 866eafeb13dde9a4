import Model
import Testing

@testable import Planning

/// Why a run stands where it does: each state with each reason for it.
@Suite("Explaining")
struct ExplanationTests {
    private static let now = RunDriver.start

    /// A run in some state, and what is to be said of its stage `a` (or of the run, where `stage` is nil).
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var stage: String? = "a"
        var kinds: [String]
        var words: String
        var make: @Sendable (inout Scene) throws -> Void
        var testDescription: String { name }

        init(
            _ name: String, stage: String? = "a", _ kinds: [String], _ words: String,
            _ make: @escaping @Sendable (inout Scene) throws -> Void
        ) {
            self.name = name
            self.stage = stage
            self.kinds = kinds
            self.words = words
            self.make = make
        }
    }

    /// A driver for the run, and what else an explanation may look at.
    struct Scene {
        var driver: RunDriver
        var agents = ExplanationInput.Agents.known([])
        var isControlled = true
        var tellsSource = false
        var holders: [String] = []

        init() throws {
            driver = try RunDriver(PipelineSpec([stage("a")]))
        }

        mutating func become(_ stages: [StageSpec], finally: [StageSpec] = [], ref: String? = nil) throws {
            driver = try RunDriver(PipelineSpec(stages, finally: finally), ref: ref)
        }

        var explanation: RunExplanation {
            var input = ExplanationInput(
                run: driver.run, graph: driver.graph, obstacle: driver.obstacle,
                source: tellsSource ? driver.source : nil, agents: agents, isControlled: isControlled,
                now: driver.now)
            input.run.metadata.name = "shop-1"
            input.holders = holders
            return Planning.explanation(of: input)
        }

        subscript(stage: String) -> StageExplanation? { explanation.stages.first { $0.id == stage } }
    }

    static func agent(
        _ name: String, kinds: [String] = ["shell"], slots: Int = 2, free: Int = 2, labels: StringMap = [:],
        _ change: (inout Candidate) -> Void = { _ in }
    ) -> Candidate {
        var candidate = Candidate(
            agent: name, instance: "\(name)-i", kinds: kinds, labels: labels, slots: slots, free: free)
        change(&candidate)
        return candidate
    }

    // MARK: Open

    static let open: [Case] = [
        Case("Pending: what it needs runs", stage: "b", [Reason.needsPending], "needs `a`, which is running") {
            try $0.become([stage("a"), stage("b", needs: ["a"])])
            $0.agents = .known([agent("x")])
            $0.driver.pass()
            $0.driver.bind("a")
            $0.driver.claim("a")
        },
        Case(
            "Pending: what it needs waits for an agent", stage: "b", [Reason.needsPending],
            "needs `a`, which waits for an agent (waits for an agent that offers `shell`)"
        ) {
            try $0.become([stage("a"), stage("b", needs: ["a"])])
            $0.agents = .known([agent("x")])
            $0.driver.pass()
        },
        Case(
            "Pending: it needs two, is an approval, and its `when` can't hold", stage: "c",
            [Reason.needsPending, Reason.needsPending, Reason.whenNotMet, Reason.approvalPending],
            "`dev` is not among `prod`"
        ) {
            var ask = approval("c", needs: ["a", "b"])
            ask.when = [WhenClause("dev", .isIn, ["prod"])]
            try $0.become([stage("a"), stage("b"), ask])
            $0.driver.pass()
        },
        Case(
            "Pending: nobody will be there for it", stage: "b", [Reason.needsPending, Reason.noAgent],
            "no agent offers `gpu`; 1 offers other kinds"
        ) {
            try $0.become([stage("a"), stage("b", needs: ["a"]) { $0.agent = "gpu" }])
            $0.agents = .known([agent("x")])
            $0.driver.pass()
        },
        Case(
            "Pending: a stage of `finally`", stage: "f", ["WaitingForOthers"],
            "runs once all other stages have ended; 2 have not: `a`, `b`"
        ) {
            try $0.become([stage("a"), stage("b")], finally: [stage("f")])
            $0.agents = .known([agent("x")])
            $0.driver.pass()
        },
        Case("Waiting: for a person", [Reason.approvalPending], "waits for a person's decision: Ship it?") {
            var ask = approval("a")
            ask.approval?.message = "Ship it?"
            try $0.become([ask])
            $0.driver.pass()
        },
        Case("Waiting: an approval doesn't mind a pause", [Reason.approvalPending], "fails at") {
            try $0.become([approval("a", seconds: 60)])
            $0.driver.pass()
            $0.driver.want(.paused)
        },
        Case(
            "Waiting: for its next try", [Reason.backOff], "failed 1 of 3 times; tries again at 1970-01-12T13:47"
        ) {
            try $0.become([stage("a") { $0.retry = retry(2, seconds: 30) }])
            $0.agents = .known([agent("x")])
            $0.driver.pass()
            $0.driver.perform("a", .failed)
        },
        Case("Waiting: the run is paused", [Reason.paused], "the run is paused") {
            $0.agents = .known([agent("x")])
            $0.driver.pass()
            $0.driver.want(.paused)
        },
        Case(
            "Waiting: for the commit", [Reason.resolvingSource], "resolving `main` of https://h/r"
        ) {
            $0.agents = .known([agent("x")])
            $0.driver.run.spec.source = RunSource()
            $0.driver.run.spec.source?.url = "https://h/r"
            $0.driver.source = .unresolved(url: "https://h/r", ref: "main")
            $0.driver.pass()
        },
        Case(
            "Waiting: the source can't be resolved for now, by the status alone", [Reason.retryingSource],
            "the source can't be resolved, trying again: no route to host"
        ) {
            $0.agents = .known([agent("x")])
            $0.driver.run.spec.source = RunSource()
            $0.driver.run.spec.source?.url = "https://h/r"
            $0.driver.source = .retrying("no route to host")
            $0.driver.pass()
        },
        Case(
            "Waiting: the source can't be resolved for now, as the controller knows", [Reason.retryingSource],
            "the source can't be resolved, trying again: no route to host"
        ) {
            $0.agents = .known([agent("x")])
            $0.tellsSource = true
            $0.driver.source = .retrying("no route to host")
            $0.driver.pass()
        },
        Case(
            "Waiting: paused before its commit was known", [Reason.paused, Reason.resolvingSource],
            "the commit of https://h/r isn't known yet"
        ) {
            $0.agents = .known([agent("x")])
            $0.driver.run.spec.source = RunSource()
            $0.driver.run.spec.source?.url = "https://h/r"
            $0.driver.source = .unresolved(url: "https://h/r", ref: "main")
            $0.driver.pass()
            $0.driver.want(.paused)
        },
        Case(
            "Waiting: other combinations go first", stage: "a.1", [Reason.maxParallel],
            "at most 1 combination of `a` at once, and these go first: `a[v=1]`"
        ) {
            try $0.become([matrix("a", [MatrixAxis(name: "v", values: ["1", "2"])]) { $0.matrix?.maxParallel = 1 }])
            $0.agents = .known([agent("x")])
            $0.driver.pass()
        },
        Case("Waiting: its spec was changed", [Reason.specChanged], "its spec was changed: no") {
            $0.agents = .known([agent("x")])
            $0.driver.pass()
            $0.driver.obstacle = .specChanged("no")
            $0.driver.pass()
        },
        Case(
            "Queued: no agent at all", [Reason.noAgent], "no agent is there, and it needs one that offers `shell`"
        ) { $0.driver.pass() },
        Case(
            "Queued: a reason for each agent", [Reason.agentsBusy],
            "7 agents offer `shell`, and none can take it now"
        ) {
            try $0.become([stage("a") { $0.agentSelector = ["arch": "arm64"] }])
            $0.agents = .known([
                agent("g", labels: ["arch": "arm64"]) { $0.silentSince = now },
                agent("f", labels: ["arch": "arm64"]) { $0.slots = 0 },
                agent("e", labels: ["arch": "arm64"]) {
                    $0.passedOverUntil = now.adding(seconds: 9)
                    $0.passedOverCause = "declined its last stage: full"
                }, agent("d", labels: ["arch": "arm64"]) { $0.isDraining = true },
                agent("c", labels: ["arch": "amd64"]), agent("b"),
                agent("a", free: 0, labels: ["arch": "arm64"]), agent("other", kinds: ["lint"]),
            ])
            $0.driver.pass()
        },
        Case(
            "Queued: agents that never can", [Reason.noAgent], "1 agent offers `shell`, and none can take it"
        ) {
            try $0.become([stage("a") { $0.agentSelector = ["arch": "arm64"] }])
            $0.agents = .known([agent("a")])
            $0.driver.pass()
        },
        Case("Queued: an agent has a slot", [Reason.agentsBusy], "1 agent offers `shell`: it waits for its turn") {
            $0.agents = .known([agent("a")])
            $0.driver.pass()
        },
        Case(
            "Queued: agents could not be asked", [Reason.kafkaUnreachable, Reason.queued],
            "Kafka is out of reach: no answer"
        ) {
            $0.agents = .outOfReach("no answer")
            $0.driver.pass()
        },
        Case("Queued: nobody asked for agents", [Reason.queued], "3 agents offer `shell`: 3 busy") {
            $0.agents = .unknown
            $0.driver.pass()
            _ = explain(
                Placement.Unplaced(
                    run: "u1", stage: "a", reason: Reason.agentsBusy, message: "3 agents offer `shell`: 3 busy",
                    isHopeless: false), in: &$0.driver.run.status)
        },
        Case("Queued: the controller can't reach Kafka", [Reason.kafkaUnreachable], "could not reach it") {
            $0.agents = .known([agent("a")])
            $0.driver.pass()
            _ = explain(
                Placement.Unplaced(
                    run: "u1", stage: "a", reason: Reason.kafkaUnreachable, message: "", isHopeless: false),
                in: &$0.driver.run.status)
        },
        Case("Queued: no controller runs", ["NoController", Reason.agentsBusy], "no controller runs") {
            $0.agents = .known([agent("a")])
            $0.driver.pass()
            $0.isControlled = false
        },
        Case(
            "Assigned: not claimed yet", ["WaitingForClaim"],
            "given to agent a1 at 1970-01-12T13:46:40Z, not claimed yet"
        ) {
            $0.agents = .known([agent("a1")])
            $0.driver.pass()
            $0.driver.bind("a")
        },
        Case("Assigned: its agent is gone", ["WaitingForClaim"], "given to agent a1, which is not heard of") {
            $0.driver.pass()
            $0.driver.bind("a")
        },
        Case("Assigned: the run is being cancelled", ["Ending", "WaitingForClaim"], "the run was cancelled") {
            $0.agents = .known([agent("a1")])
            $0.driver.pass()
            $0.driver.bind("a")
            $0.driver.want(.cancelled)
        },
        Case(
            "Pending: `finally` of a run that is being cancelled", stage: "f", ["WaitingForOthers"],
            "`a` has not"
        ) {
            try $0.become([stage("a")], finally: [stage("f")])
            $0.agents = .known([agent("a1")])
            $0.driver.pass()
            $0.driver.bind("a")
            $0.driver.claim("a")
            $0.driver.want(.cancelled)
        },
        Case("not started: the pipeline is missing", [Reason.pipelineNotFound], "there is no pipeline `p`") {
            try $0.become([stage("a")], ref: "p")
            $0.agents = .known([agent("a1")])
            $0.driver.obstacle = .pipelineNotFound("there is no pipeline `p`; the run waits for it")
            $0.driver.pass()
        },
        Case("not started: the pipeline is suspended", [Reason.pipelineSuspended], "pipeline p is suspended") {
            try $0.become([stage("a")], ref: "p")
            $0.agents = .known([agent("a1")])
            $0.driver.obstacle = .pipelineSuspended("pipeline p is suspended")
            $0.driver.pass()
        },
        Case("not started: its concurrency group is full", [Reason.concurrencyLimit], "group `g` has 2 of 2") {
            $0.agents = .known([agent("a1")])
            $0.driver.obstacle = .concurrencyLimit("the concurrency group `g` has 2 of 2 runs active")
            $0.driver.pass()
        },
        Case(
            "not started: who holds the places of its group", [Reason.concurrencyLimit],
            "has 4 of 4 runs active: `a`, `b`, `c`, 1 more"
        ) {
            $0.driver.obstacle = .concurrencyLimit("the concurrency group `g` has 4 of 4 runs active")
            $0.holders = ["a", "b", "c", "d"]
            $0.agents = .known([agent("a1")])
            $0.driver.pass()
        },
        Case("not started: its group is full, by the status alone", [Reason.concurrencyLimit], "group `g` has") {
            $0.agents = .known([agent("a1")])
            $0.driver.obstacle = .concurrencyLimit("the concurrency group `g` has 2 of 2 runs active")
            $0.driver.pass()
            $0.driver.obstacle = nil
        },
        Case("not started: its group takes no queue", [Reason.concurrencyRejected], "full") {
            $0.agents = .known([agent("a1")])
            $0.driver.obstacle = .concurrencyRejected("full")
        },
        Case("not started: a newer run has its place", [Reason.superseded], "a newer run takes its place: r9") {
            $0.agents = .known([agent("a1")])
            $0.driver.obstacle = .superseded("r9")
        },
        Case("not started: its spec was changed", [Reason.specChanged], "its spec was changed: no") {
            $0.agents = .known([agent("a1")])
            $0.driver.obstacle = .specChanged("no")
            $0.driver.pass()
        },
        Case("not started: invalid", [Reason.invalidSpec], "its spec is not valid: a cycle") {
            $0.agents = .known([agent("a1")])
            $0.driver.obstacle = .invalid("a cycle")
        },
        Case("not started: paused", [Reason.paused], "the run is paused") {
            $0.agents = .known([agent("a1")])
            $0.driver.want(.paused)
        },
        Case("not started: nobody has looked at it", ["Unplanned"], "has not taken it up yet") {
            $0.agents = .known([agent("a1")])
        },
        Case("between two passes", stage: "b", ["Due"], "nothing speaks against it any more") {
            try $0.become([stage("a"), stage("b", needs: ["a"])])
            $0.agents = .known([agent("x")])
            $0.driver.pass()
            $0.driver.run.status.stages[0].state = .succeeded
        },
    ]

    @Test(arguments: open)
    func `what holds a stage back is all named, with what would unblock it`(example: Case) throws {
        var scene = try Scene()
        try example.make(&scene)
        let explanation = scene.explanation
        let gates = try example.stage.map { try #require(scene[$0]).gates } ?? explanation.gates
        #expect(gates.map(\.kind) == example.kinds)
        let texts = gates.map { $0.text(\.description) }
        #expect(texts.contains { $0.contains(example.words) }, "\(texts)")
        for gate in gates {
            #expect(!gate.text(\.description).isEmpty)
            #expect(!gate.remedy(run: "shop-1").isEmpty)
        }
    }

    @Test func `every agent of the kind has its own reason`() throws {
        var scene = try Scene()
        let example = try #require(Self.open.first { $0.name == "Queued: a reason for each agent" })
        try example.make(&scene)
        guard case .agents(let demand)? = scene["a"]?.gates.last else {
            Issue.record("no agents are named")
            return
        }
        #expect(
            demand.agents.map { "\($0.agent): \($0.verdict.text { "\($0.since(Self.now) / 1_000_000) s" })" } == [
                "a: busy (2 of 2 slots)", "b: lacks label arch=arm64", "c: lacks label arch=arm64", "d: draining",
                "e: passed over until 9 s, it declined its last stage: full", "f: draining", "g: silent since 0 s",
            ])
        for answer in demand.agents { #expect(!answer.verdict.remedy(\.description).isEmpty) }
        #expect(demand.others == 1)
    }

    @Test func `an approval names the command that gives it`() throws {
        var scene = try Scene()
        try scene.become([approval("a")])
        scene.driver.pass()
        #expect(scene["a"]?.gates.first?.remedy(run: "shop-1") == "`martlet approve shop-1 a`, or with `--reject`")
        scene.driver.approve("a")
        #expect(scene["a"]?.end == .approved)
    }

    // MARK: Ended

    struct End: Sendable, CustomTestStringConvertible {
        var name: String
        var stage = "b"
        var state: StageStatus.State
        var words: String
        var unblock: String?
        var make: @Sendable (inout Scene) throws -> Void
        var testDescription: String { name }
    }

    static let ends: [End] = [
        End(name: "it succeeded", stage: "a", state: .succeeded, words: "14 passed", unblock: nil) {
            $0.driver.pass()
            $0.driver.perform("a", message: "14 passed")
        },
        End(
            name: "it failed", stage: "a", state: .failed, words: "exit code 1",
            unblock: "mend what `martlet logs shop-1 a` shows, then `martlet rerun shop-1`"
        ) {
            $0.driver.pass()
            $0.driver.perform("a", .failed, message: "exit code 1")
        },
        End(
            name: "it took too long", stage: "a", state: .failed, words: "took longer than",
            unblock: "a higher `timeoutSeconds`, or less to do; `martlet rerun shop-1` tries it again"
        ) {
            $0.driver.pass()
            $0.driver.perform("a", .timedOut)
        },
        End(
            name: "its agents were lost", stage: "a", state: .failed, words: "lost 3 times",
            unblock: "see why its agents ended; `martlet rerun shop-1` tries it again"
        ) {
            $0.driver.pass()
            for _ in 0..<3 {
                $0.driver.bind("a")
                $0.driver.pass([$0.driver.report("a", .lost(reason: "gone", excused: false))])
            }
        },
        End(
            name: "what it needs failed", state: .skipped, words: "needs `a`, which failed: boom",
            unblock: "mend `a`, then `martlet rerun shop-1`"
        ) {
            try $0.become([stage("a"), stage("b", needs: ["a"])])
            $0.driver.pass()
            $0.driver.perform("a", .failed, message: "boom")
        },
        End(
            name: "what failed first lies further back", stage: "c", state: .skipped,
            words: "needs `b`, which was skipped as what it needs had failed; `a` failed first: boom",
            unblock: "mend `a`, then `martlet rerun shop-1`"
        ) {
            try $0.become([stage("a"), stage("b", needs: ["a"]), stage("c", needs: ["b"])])
            $0.driver.pass()
            $0.driver.perform("a", .failed, message: "boom")
        },
        End(
            name: "another stage failed", state: .skipped,
            words: "`a` failed, so nothing further starts: boom", unblock: "mend `a`, then `martlet rerun shop-1`"
        ) {
            try $0.become([stage("a"), stage("b")])
            $0.driver.pass()
            $0.driver.perform("a", .failed, message: "boom")
        },
        End(
            name: "its own `when`", stage: "a", state: .skipped,
            words: "its `when` doesn't hold: `$(run.name)` is `shop-1`, which is not among `x`, `y`",
            unblock: "a new run for which it holds"
        ) {
            try $0.become([stage("a") { $0.when = [WhenClause("$(run.name)", .isIn, ["x", "y"])] }])
            $0.driver.pass()
        },
        End(
            name: "a `when` that leaves out", stage: "a", state: .skipped,
            words: "`$(run.name)` is `shop-1`, which is one of those that leave it out",
            unblock: "a new run for which it holds"
        ) {
            try $0.become([stage("a") { $0.when = [WhenClause("$(run.name)", .isNotIn, ["shop-1"])] }])
            $0.driver.pass()
        },
        End(
            name: "it was rejected", stage: "a", state: .failed, words: "a person rejected it",
            unblock: "`martlet rerun shop-1` asks again"
        ) {
            try $0.become([approval("a")])
            $0.driver.pass()
            $0.driver.approve("a", .rejected)
        },
        End(
            name: "the run was cancelled", stage: "a", state: .cancelled, words: "the run was cancelled",
            unblock: "`martlet rerun shop-1` runs it again"
        ) {
            $0.driver.pass()
            $0.driver.want(.cancelled)
        },
        End(
            name: "a result too large", stage: "a", state: .failed, words: "bytes long",
            unblock: "mend the pipeline or what gives the value, then make a new run"
        ) {
            $0.driver.pass()
            $0.driver.perform("a", results: [Param(name: "r", value: String(repeating: "x", count: 2000))])
        },
        End(
            name: "another combination failed", stage: "a.1", state: .skipped,
            words: "another combination of `a` failed",
            unblock:
                "mend the combination that failed, then `martlet rerun shop-1`; or `failFast: Disabled`"
        ) {
            try $0.become([matrix("a", [MatrixAxis(name: "v", values: ["1", "2"])]) { $0.matrix?.maxParallel = 1 }])
            $0.driver.pass()
            $0.driver.perform("a.0", .failed)
        },
        End(
            name: "the source can't be had", stage: "a", state: .skipped, words: "no such branch",
            unblock: "mend the source, then `martlet rerun shop-1`"
        ) {
            $0.driver.source = .failed("no such branch")
            $0.driver.pass()
        },
    ]

    @Test(arguments: ends)
    func `what ended says why, back to what failed first`(example: End) throws {
        var scene = try Scene()
        try example.make(&scene)
        let stage = try #require(scene[example.stage])
        #expect(stage.status.state == example.state)
        let end = try #require(stage.end)
        #expect(end.text.contains(example.words), "\(end.text)")
        #expect(end.remedy(run: "shop-1", stage: stage.id) == example.unblock)
        #expect(stage.gates.isEmpty)
    }

    /// Every reason that a status can have, with every final state, whoever wrote it.
    @Test func `no stored reason leaves an end without words of what would change it`() {
        for reason in Self.reasons {
            for state in StageStatus.State.allCases where state.isFinal && state != .succeeded {
                let end = EndCause(state, reason: reason, text: "why")
                #expect(!end.text.isEmpty, "\(state) \(reason)")
                if end != .approved {
                    #expect(end.remedy(run: "r", stage: "s")?.isEmpty == false, "\(state) \(reason)")
                }
            }
            for status in [Condition.Status.true, .false] {
                var condition = Condition()
                (condition.type, condition.status, condition.reason) = (Condition.succeeded, status, reason)
                condition.message = "why"
                let end = EndCause(condition)
                #expect(!end.text.isEmpty)
                if status == .false, ![Reason.succeeded].contains(reason) {
                    #expect(end.remedy(run: "r", stage: nil)?.isEmpty == false, "\(reason)")
                }
            }
        }
    }

    private static let reasons = [
        Reason.needsPending, Reason.approvalPending, Reason.backOff, Reason.maxParallel, Reason.paused,
        Reason.resolvingSource, Reason.noAgent, Reason.kafkaUnreachable, Reason.assigned, Reason.running,
        Reason.succeeded, Reason.approved, Reason.failure, Reason.timeout, Reason.agentLost, Reason.rejected,
        Reason.unresolvedReference, Reason.sourceUnavailable, Reason.statusRejected, Reason.whenNotMet,
        Reason.needSkipped, Reason.needFailed, Reason.halted, Reason.failFast, Reason.cancelled, Reason.runTimeout,
        Reason.completedWithFailures, Reason.stageFailed, Reason.accepted, Reason.invalidSpec, Reason.specChanged,
        Reason.pipelineNotFound, Reason.pipelineSuspended, Reason.active, Reason.queued, Reason.agentsBusy,
        Reason.agentDeclined, Reason.agentUnclaimed, Reason.agentStopped, Reason.resultsTooLarge,
        Reason.resultsInvalid, Reason.valueTooLarge, Reason.rerun, Reason.concurrencyLimit,
        Reason.concurrencyRejected, Reason.superseded, Reason.retryingSource, "SomethingNew",
    ]

    /// Each state with each reason, as a status of another version might combine them.
    @Test func `whatever a status says, an open stage has a reason and each reason a way out`() throws {
        for state in StageStatus.State.allCases where !state.isFinal && state != .running {
            for reason in Self.reasons {
                for isControlled in [true, false] {
                    for agents in [
                        ExplanationInput.Agents.unknown, .known([]), .known([Self.agent("x")]),
                        .outOfReach("no answer"),
                    ] {
                        var scene = try Scene()
                        scene.driver.pass()
                        scene.driver.run.status.stages[0].state = state
                        scene.driver.run.status.stages[0].reason = reason
                        scene.isControlled = isControlled
                        scene.agents = agents
                        let gates = try #require(scene["a"]).gates
                        #expect(!gates.isEmpty, "\(state) \(reason)")
                        #expect(gates.allSatisfy { !$0.text(\.description).isEmpty })
                        #expect(gates.allSatisfy { !$0.remedy(run: "r").isEmpty })
                        #expect(gates.contains(.noController) != isControlled)
                    }
                }
            }
        }
    }

    @Test func `an ended run says why, and one that is to run again waits for the controller`() throws {
        var scene = try Scene()
        scene.driver.pass()
        scene.driver.perform("a", .failed, message: "boom")
        #expect(scene.explanation.end?.text == "`a` failed: boom")
        #expect(
            scene.explanation.end?.remedy(run: "shop-1", stage: nil)
                == "`martlet logs shop-1` shows what was printed; `martlet rerun shop-1` tries it again")
        #expect(scene.explanation.gates.isEmpty)
        scene.driver.run.spec.rerunCount = 1
        #expect(scene.explanation.gates == [.unplanned])
        #expect(scene.explanation.end == nil)
    }

    @Test func `attempts are counted by what became of them`() {
        var stage = StageExplanation(id: "a", title: "a", status: StageStatus(id: "a", state: .failed))
        #expect(stage.history == nil)
        stage.status.attempt = 1
        #expect(stage.history == nil)
        (stage.status.attempt, stage.status.failures, stage.status.losses) = (6, 3, 1)
        #expect(
            stage.history
                == "6 attempts: 3 failed, 1 lost with its agent, 2 declined, not claimed, stopped, or of an earlier rerun"
        )
    }

    @Test func `a running stage tells whether its agent is heard of`() throws {
        var scene = try Scene()
        scene.driver.pass()
        scene.driver.bind("a")
        scene.driver.claim("a")
        #expect(scene["a"]?.isHeard == false)
        scene.agents = .known([Self.agent("a1")])
        #expect(scene["a"]?.isHeard == true)
        scene.agents = .unknown
        #expect(scene["a"]?.isHeard == nil)
        #expect(scene["a"]?.gates == [])
    }
}
