import AgentProtocol
import Document
import Model
import Testing

@testable import Controller

/// A journal holds all that a decision rests on: deriving it again from the journal alone gives the same.
struct JournalTests {
    /// Takes a journal of a machine of the default configuration.
    private func replay(_ steps: [JournalStep]) throws -> [JournalReplay.Finding] {
        var replay = JournalReplay()
        let header = JournalHeader(version: "test", configuration: ControllerConfiguration())
        var findings = [try replay.take(header.line)]
        for step in steps { findings.append(try replay.take(step.line)) }
        return findings
    }

    /// A world in which much has happened: claims, results, a loss, a decline, a cancel, a conflict, an outage.
    private func eventfulWorld() throws -> World {
        var world = World()
        world.list(sampleRun("u1", chain: 3), sampleRun("u2"))
        world.presence("x")
        world.presence("y")
        let assignments = world.takeAssignments()
        for assignment in assignments { world.claims(assignment) }
        world.finishes(try #require(assignments.first))
        world.says(.declined(reason: "no slot"), of: try #require(world.takeAssignments().first))
        world.pass(seconds: 20)
        for token in world.tokens { world.step(.channel(.caughtUp(token: token))) }
        world.change("u2", tell: false) { $0.desiredState = .cancelled }
        world.step(.channel(.link(isUp: false)), .channel(.skipped(ResultsPosition(partition: 1, offset: 7))))
        world.pass(seconds: 3)
        world.step(.channel(.link(isUp: true)), .store(.runGone(uid: "u1")))
        world.pass(seconds: 3)
        return world
    }

    @Test func everythingThatWasDecidedIsDerivedAgain() throws {
        let world = try eventfulWorld()
        let findings = try replay(world.steps)
        var decisions = 0
        for finding in findings.dropFirst() {
            guard case .same(let count) = finding else {
                Issue.record("\(finding)")
                return
            }
            decisions += count
        }
        #expect(findings.count == world.steps.count + 1)
        #expect(decisions == world.steps.reduce(0) { $0 + $1.actions.count })
        #expect(decisions > 30)
    }

    @Test func aDecisionThatIsNotDerivedAgainShowsWithItsPlace() throws {
        var steps = try eventfulWorld().steps
        let place = try #require(
            steps.firstIndex { step in
                step.actions.contains { if case .write = $0 { true } else { false } }
            })
        let action = try #require(
            steps[place].actions.firstIndex { if case .write = $0 { true } else { false } })
        guard case .write(var write) = steps[place].actions[action] else { return }
        write.status.progress = "9/9"
        steps[place].actions[action] = .write(write)
        let different = try replay(steps).compactMap { finding -> JournalDifference? in
            if case .different(let difference) = finding { difference } else { nil }
        }
        let difference = try #require(different.first)
        #expect(different.count == 1)
        #expect(difference.path == "actions[\(action)].status.progress")
        #expect(difference.recorded == "\"9/9\"")
        #expect(difference.at == steps[place].at)
    }

    @Test func anInputThatIsLeftOutMakesADifference() throws {
        var steps = try eventfulWorld().steps
        // The first presence: without an agent nothing can have been assigned.
        let place = try #require(
            steps.firstIndex { step in
                step.inputs.contains { if case .channel(.presence) = $0 { true } else { false } }
            })
        steps[place].inputs = []
        #expect(try replay(steps).contains { if case .different = $0 { true } else { false } })
    }

    @Test func whatIsNoJournalIsRefused() throws {
        var replay = JournalReplay()
        let step = JournalStep(at: World().now, inputs: [.woke], actions: [])
        #expect(throws: JournalError.headless) { _ = try replay.take(step.line) }
        #expect(throws: JournalError.newerFormat(3)) {
            _ = try replay.take(
                Array(
                    """
                    {"journal":3,"version":"9","configuration":{"leaseSeconds":15,"claimSeconds":10,\
                    "deferMilliseconds":1,"passOverSeconds":1,"longestPassOverSeconds":1,"inProcessInstances":[]}}
                    """.utf8))
        }
        for text in ["", "{", "[]", "{\"journal\":1}", "{\"wall\":1,\"uptime\":2,\"inputs\":[{\"hello\":1}]}"] {
            #expect(throws: JournalError.self) { _ = try replay.take(Array(text.utf8)) }
        }
    }

    @Test func aJournalThatWasCutSaysSoAndBeginsAnewWithTheNextHeader() throws {
        var replay = JournalReplay()
        let header = JournalHeader(version: "test", configuration: ControllerConfiguration())
        _ = try replay.take(header.line)
        #expect(try replay.take(Array("{\"cut\":\"full\"}".utf8)) == .cut("full"))
        #expect(try replay.take(header.line) == .began(header))
    }

    // MARK: Every input

    private static let sample: [ControllerInput] = {
        let run = sampleRun("u1", chain: 2)
        let fence = Fence(run: "u1", stage: "a", attempt: 2)
        func report(_ event: AgentReport.Event) -> ControllerInput {
            .channel(
                .report(
                    AgentReport(fence: fence, agent: "x", instance: "x-1", digest: "d", event: event),
                    at: ResultsPosition(partition: 3, offset: 1 << 40)))
        }
        var presence = Presence()
        presence.agent = "x"
        presence.instance = "x-1"
        presence.kinds = ["shell"]
        presence.labels = ["arch": "arm64"]
        presence.held = [HeldFence(fence: fence, digest: "d")]
        var pipeline = Pipeline(metadata: Metadata(name: "p", uid: "p1"), spec: PipelineSpec())
        pipeline.metadata.namespace = "team"
        return [
            .store(.listed(runs: [run, run], pipelines: [pipeline])), .store(.run(run)), .store(.runGone(uid: "u1")),
            .store(.pipeline(pipeline)), .store(.pipelineGone(name: "p", namespace: nil)),
            .store(.pipelineGone(name: "p", namespace: "team")), .channel(.presence(presence)),
            report(.claimed(at: Timestamp(microseconds: 1_790_000_000_123_456))),
            report(.declined(reason: "\u{0}“no”")),
            report(.progress(message: "half")), report(.finished(StageOutcome(.failed))),
            .channel(.skipped(ResultsPosition(partition: 0, offset: 0))), .channel(.caughtUp(token: 9)),
            .channel(.link(isUp: false)), .wrote(uid: "u1", .stored(resourceVersion: "7")),
            .wrote(uid: "u1", .conflict(run)), .wrote(uid: "u1", .gone), .wrote(uid: "u1", .refused("too large")),
            .wrote(uid: "u1", .failed("busy")), .published(fence: fence, digest: "d", delivered: true),
            .sourceResolved(
                uid: "u1", .success(ResolvedSource(url: "https://x/y", revision: "abc", ref: "refs/heads/main"))),
            .sourceResolved(uid: "u1", .failure(SourceError("no such ref", mayPass: false))),
            .deleted(uid: "u1", .deleted), .deleted(uid: "u1", .gone), .deleted(uid: "u1", .conflict),
            .deleted(uid: "u1", .failed("busy")), .looked(uid: "u1", .found(run)), .looked(uid: "u1", .absent),
            .looked(uid: "u1", .failed("down")), .woke,
        ]
    }()

    @Test(arguments: sample)
    func everyInputComesBackAsItWent(_ input: ControllerInput) throws {
        var json = JSONWriter()
        input.write(into: &json)
        #expect(try ControllerInput(journal: parseJSON(json.bytes)) == input)
    }
}
