import AgentProtocol
import Execution
import Glibc
import Kafka
import Model
import Testing

/// The example agent in Python, with the real library from PyPI, beside a controller and agents of Martlet's own.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PythonAgentTests {
    @Test func itIsShorterThan120Lines() throws {
        let lines = try FileSystem.read(PythonAgent.program, limit: 1 << 16).bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // The last is what comes after the last line feed.
        #expect(lines.last?.isEmpty == true)
        #expect(lines.count - 1 < 120)
        #expect(lines.allSatisfy { $0.count <= 110 })
    }

    @Test func itWorksTogetherWithOtherAgents() async throws {
        try await withHome { home in
            let pipeline = try FileSystem.read(PythonAgent.pipeline, limit: 1 << 16).bytes
            try home.write(String(decoding: pipeline, as: UTF8.self), to: "manifests/pipeline.yaml")
            let controller = try await home.controller("--agent", "shell")
            _ = try await home.pythonAgent()
            let started = try await home.martlet("start", "greet", "--param", "who=Grüße an \"alle\"")
            try #require(started.code == 0, "\(started)")
            let name = started.output.trimmed
            let run = try await home.run(name)
            #expect(run.status.succeeded?.status == .true)
            #expect(run.status.stages.map(\.agent) == ["python", "local-shell"])
            #expect(run.status.stages.allSatisfy { $0.attempt == 1 })
            #expect(run.status[stage: "compose"]?.results.first?.value == "Hello, Grüße an \"alle\"")
            #expect(try await home.martlet("logs", name, "compose").output == "composing for Grüße an \"alle\"\n")
            #expect(try await home.martlet("logs", name, "say").output.contains("Hello, Grüße an \"alle\"\n"))
            #expect(!controller.errors.text.contains("can't be acted on"), "\(controller.errors.text)")
        }
    }

    @Test func failuresAndTimeoutsAreTold() async throws {
        try await withHome { home in
            let pulse = try home.pulse("slow")
            try home.write(
                Manifest.run(
                    "work",
                    [
                        Stage(
                            "broken", "agent: python", "retry: {limit: 1, backoffSeconds: 1}", "onFailure: Continue",
                            script:
                                "\(home.enter)\nseq 1 5000\necho left=1 >> \"$MARTLET_RESULTS\"\necho oh no >&2\nexit 3"
                        ),
                        Stage(
                            "slow", "agent: python", "timeoutSeconds: 1", "onFailure: Continue",
                            script: "\(pulse.script)\n\(home.enter)\n\(try home.wait(at: "never"))"),
                        Stage(
                            "by-shebang", "agent: python",
                            script: "#!/usr/bin/env python3\nimport os\nprint('in', os.environ['MARTLET_STAGE'])"),
                    ]),
                to: "manifests/work.yaml")
            _ = try await home.controller()
            _ = try await home.pythonAgent(slots: 2)
            let run = try await home.run("work")
            let broken = try #require(run.status[stage: "broken"])
            #expect(broken.state == .failed)
            #expect(broken.reason == Reason.failure)
            #expect(try home.attempts(of: "broken") == [1, 2])
            try await pulse.feed.ended()
            #expect(run.status[stage: "slow"]?.state == .failed)
            #expect(run.status[stage: "slow"]?.reason == Reason.timeout)
            #expect(run.status[stage: "by-shebang"]?.state == .succeeded)
            #expect(try await home.martlet("logs", "work", "by-shebang").output == "in by-shebang\n")
            let lines = try await home.martlet("logs", "work", "broken").output.split(separator: "\n").map(String.init)
            #expect(lines == (1...5000).map { "\($0)" } + ["oh no"])
        }
    }

    @Test func aCancelEndsEveryProcessOfAStage() async throws {
        try await withHome { home in
            let (polite, stubborn) = (try home.pulse("polite"), try home.pulse("stubborn"))
            let gate = try home.wait(at: "never")
            // The shell goes at SIGTERM, and what it has put into the background doesn't; and the other way round.
            let litter = "bash -c \"trap '' TERM; while :; do sleep 1; done\" &"
            try home.write(
                Manifest.run(
                    "work",
                    [
                        Stage(
                            "polite", "agent: python",
                            script: "\(polite.script)\n\(litter)\n\(home.enter)\n\(gate)"),
                        Stage(
                            "stubborn", "agent: python",
                            script: "trap '' TERM\n\(stubborn.script)\n\(home.enter)\nwhile :; do sleep 1; done"),
                    ]),
                to: "manifests/work.yaml")
            _ = try await home.controller()
            _ = try await home.pythonAgent(slots: 2)
            for stage in ["polite", "stubborn"] { try await home.began(stage) }
            #expect(try await home.martlet("cancel", "work").code == 0)
            try await polite.feed.ended()
            try await stubborn.feed.ended()
            let run = try await home.run("work")
            #expect(run.status.stages.map(\.state) == [.cancelled, .cancelled])
            #expect(try home.ledger.map(\.attempt) == [1, 1])
        }
    }

    @Test func whatAKilledOneHeldRunsElsewhere() async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            try home.write(
                Manifest.run(
                    "work",
                    [
                        Stage(
                            "held", "agent: python",
                            script: "\(pulse.script)\n\(home.enter)\n\(try home.wait(at: "gate"))"),
                        Stage("after", needs: ["held"], "agent: shell", script: home.enter),
                    ]),
                to: "manifests/work.yaml")
            _ = try await home.controller("--agent", "shell")
            let first = try await home.pythonAgent("first", slots: 1)
            try await home.began("held")
            try await home.run("work") { $0.status[stage: "held"]?.state == .running }
            try await first.crash()
            try await pulse.feed.ended()
            try home.release("gate")
            // Martlet's own, for the same kind.
            _ = try home.start("agent", "--kind", "python", "--agent-id", "second")
            let run = try await home.run("work")
            let held = try #require(run.status[stage: "held"])
            #expect(run.status.succeeded?.status == .true)
            #expect(held.agent == "second")
            #expect(held.attempt == 2)
            #expect(held.losses == 1)
            #expect(held.failures == 0)
            #expect(try home.attempts(of: "held") == [1, 2])
            #expect(try home.attempts(of: "after") == [1])
        }
    }

    @Test func itsWorkOutlivesTheController() async throws {
        // Brokers that outlive it too: the agent doesn't follow an embedded one to its next address.
        let broker = try EmbeddedBroker()
        for topic in [Topics().results, Topics().presence, Topics().logs, "agent.python"] {
            try await broker.createTopic(topic, partitions: 1)
        }
        let kafka = ["--kafka", broker.bootstrapServers, "--kafka-property", "fetch.wait.max.ms=5"]
        try await withHome { home in
            let stages = [
                Stage(
                    "ends-meanwhile", "agent: python",
                    script: "\(home.enter)\n\(try home.wait(at: "meanwhile"))\necho value=1 >> \"$MARTLET_RESULTS\""),
                Stage("ends-later", "agent: python", script: "\(home.enter)\n\(try home.wait(at: "later"))"),
                Stage("after", needs: ["ends-meanwhile", "ends-later"], "agent: python", script: home.enter),
            ]
            try home.write(Manifest.run("work", stages), to: "manifests/work.yaml")
            let first = try await home.controller(kafka)
            _ = try await home.pythonAgent(slots: 2, brokers: broker.bootstrapServers)
            for stage in ["ends-meanwhile", "ends-later"] {
                try await home.began(stage)
                try await home.run("work") { $0.status[stage: stage]?.state == .running }
            }
            try await first.crash()
            try home.release("meanwhile")
            _ = try await home.controller(kafka)
            try await home.run("work") { $0.status[stage: "ends-meanwhile"]?.state == .succeeded }
            try home.release("later")
            let run = try await home.run("work")
            #expect(run.status.succeeded?.status == .true)
            #expect(run.status.stages.allSatisfy { $0.attempt == 1 && $0.losses == 0 })
            #expect(run.status[stage: "ends-meanwhile"]?.results.first?.value == "1")
            #expect(try home.ledger.count == 3)
        }
        await broker.close()
    }

    @Test func aSignalLetsItFinishAndLeave() async throws {
        try await withHome { home in
            let held = "\(home.enter)\n\(try home.wait(at: "gate"))"
            try home.write(
                Manifest.run("work", [Stage("last", "agent: python", script: held)]), to: "manifests/work.yaml")
            _ = try await home.controller()
            // No slot is left while it works: until its presence says that it leaves, it isn't asked either.
            let first = try await home.pythonAgent("first", slots: 1)
            try await home.began("last")
            try home.write(
                Manifest.run("more", [Stage("next", "agent: python", script: home.enter)]), to: "manifests/more.yaml")
            first.send(SIGTERM)
            try await home.run("more") { $0.status[stage: "next"]?.message?.contains("1 draining") == true }
            _ = try await home.pythonAgent("second")
            let more = try await home.run("more")
            try home.release("gate")
            #expect(try await first.finish().code == 0)
            let work = try await home.run("work")
            let stages = work.status.stages + more.status.stages
            #expect(stages.map(\.agent) == ["first", "second"])
            #expect(stages.allSatisfy { $0.state == .succeeded && $0.attempt == 1 && $0.losses == 0 }, "\(stages)")
        }
    }

    /// The test is the controller here.
    @Test func itKeepsTheRulesOfTheProtocol() async throws {
        try await withHome { home in
            let talk = try await Conversation(in: home, inboxTopic: "agent.python", partitions: 1)
            _ = try await home.pythonAgent(slots: 1, brokers: talk.address)
            let presence = try await talk.presence { $0.slots == 1 && $0.held.isEmpty }
            #expect(presence.kinds == ["python"])
            let other = try #require(Fence("u/other/1"))

            // What isn't for it: no headers, another installation, another type, another instance, nonsense.
            try await talk.send([], Array("\u{1}".utf8))
            let foreign = talk.assignment("u/foreign/1", presence.instance, script: home.enter)
            try await talk.send(.controller(.assign(foreign)), installation: "another")
            try await talk.send(.controller(.assign(talk.assignment("u/foreign/2", "another", script: home.enter))))
            var headers = talk.headers(.controller(.assign(foreign)))
            headers[3] = KafkaHeader("ce_type", "dev.martlet.agent.assign.v9")
            try await talk.send(headers, Array(#"{"fence":"u/foreign/3"}"#.utf8))
            headers[3] = KafkaHeader("ce_type", "dev.martlet.agent.assign.v1")
            try await talk.send(headers, Array("[]".utf8))
            try await talk.send(headers, Array("{".utf8))

            // One slot: the first is run, the next one declined, a repeat isn't started again.
            let script = "\(home.enter)\n\(try home.wait(at: "gate"))\necho value=1 >> \"$MARTLET_RESULTS\""
            let first = talk.assignment("u/first/1", presence.instance, script: script)
            try await talk.send(.controller(.assign(first)))
            let claim = try await talk.report("claimed", of: first.fence)
            #expect(claim.digest == first.digest)
            try await home.began("first")
            _ = try await talk.presence { $0.held == [HeldFence(fence: first.fence, digest: first.digest)] }
            let second = talk.assignment("u/second/1", presence.instance, script: home.enter)
            try await talk.send(.controller(.assign(second)))
            let refusal = try await talk.report("declined", of: second.fence)
            #expect(refusal.event == .declined(reason: "1 of 1 slots are taken"))
            try await talk.send(.controller(.assign(first)))
            _ = try await talk.report("claimed", of: first.fence, number: 2)
            let changed = talk.assignment("u/first/1", presence.instance, script: "true")
            try await talk.send(.controller(.assign(changed)))
            #expect(try await talk.report("declined", of: first.fence).digest == changed.digest)
            // A stop that means the other one.
            try await talk.send(.controller(.stop(Stop(changed, reason: "stale"))))

            // Asked to report, it says what runs.
            try await talk.send(.controller(.report(instance: nil)))
            _ = try await talk.report("claimed", of: first.fence, number: 3)
            try home.release("gate")
            let end = try await talk.report("finished", of: first.fence)
            guard case .finished(let outcome) = end.event else { return }
            #expect(outcome.result == .succeeded)
            #expect(outcome.results == [Param(name: "value", value: "1")])
            _ = try await talk.presence { $0.sequence > presence.sequence && $0.held.isEmpty }
            try await talk.send(.controller(.report(instance: presence.instance)))
            #expect(try await talk.report("finished", of: first.fence, number: 2) == end)
            try await talk.send(.controller(.assign(first)))
            #expect(try await talk.report("finished", of: first.fence, number: 3) == end)

            // A fence that was stopped is refused, however late it comes.
            let late = talk.assignment("u/late/1", presence.instance, script: home.enter)
            try await talk.send(.controller(.stop(Stop(late, reason: "the run was cancelled"))))
            _ = try await talk.report("declined", of: late.fence)
            try await talk.send(.controller(.assign(late)))
            let lateRefusal = try await talk.report("declined", of: late.fence, number: 2)
            #expect(lateRefusal.event == .declined(reason: "it was stopped before"))

            // Drained, it takes nothing.
            try await talk.send(.controller(.drain(instance: presence.instance)))
            _ = try await talk.presence { $0.isDraining && $0.slots == 0 }
            let last = talk.assignment(other.description, presence.instance, script: home.enter)
            try await talk.send(.controller(.assign(last)))
            _ = try await talk.report("declined", of: other)
            #expect(try home.ledger == [first.fence])
            #expect(talk.unreadable.isEmpty)
            await talk.close()
        }
    }
}
