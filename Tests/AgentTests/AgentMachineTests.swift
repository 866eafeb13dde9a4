import AgentProtocol
import Model
import Testing

@testable import Agent

struct AgentMachineTests {
    /// An event, how many seconds after the start it comes, and what it leads to.
    struct Step: Sendable {
        let at: Double
        let event: AgentEvent
        let expect: [String]?

        init(_ at: Double = 0, _ event: AgentEvent, _ expect: [String]? = nil) {
            self.at = at
            self.event = event
            self.expect = expect
        }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let settings: AgentSettings
        let steps: [Step]

        init(_ description: String, slots: Int = 2, _ steps: [Step]) {
            self.init(description, { $0.slots = slots }, steps)
        }

        init(_ description: String, _ change: (inout AgentSettings) -> Void, _ steps: [Step]) {
            testDescription = description
            var settings = AgentSettings.sample()
            change(&settings)
            self.settings = settings
            self.steps = steps
        }
    }

    static let hello = Step(0, .ready, ["presence 1 slots=2 held=[]"])
    static let greeted = Step(0, .presenceAcknowledged(sequence: 1), [])
    /// Stage 1 runs; its claim was report 1.
    static let running = [
        hello, greeted, Step(0, .assign(1), ["claimed s1 #1"]), Step(0, .reportAcknowledged(1), ["start s1"]),
    ]
    static let other = Assignment(
        fence: fence(1), instance: me,
        work: {
            var work = assignment(1).work
            work.script = "false"
            return work
        }())

    static let claims: [Case] = [
        Case("work starts only once the broker has the claim", running),
        Case(
            "another instance's messages are ignored",
            [
                hello, Step(0, .message(.assign(assignment(1, for: "i.2"))), []),
                Step(0, .message(stop(assignment(1, for: "i.2"))), []),
                Step(0, .message(.drain(instance: "i.2")), []), Step(0, .message(.report(instance: "i.2")), []),
            ]),
        Case(
            "a claim that could not be stored is sent again, and only then does the work start",
            [
                hello, Step(0, .assign(1), ["claimed s1 #1"]), Step(0, .reportRefused(1), []), Step(0.5, .woke, []),
                Step(1, .woke, ["claimed s1 #1"]), Step(1, .reportAcknowledged(1), ["start s1"]),
            ]),
        Case(
            "what could not be sent goes out at once when there is a connection",
            [
                hello, Step(0, .assign(1), ["claimed s1 #1"]), Step(0, .reportRefused(1), []),
                Step(0.1, .ready, ["claimed s1 #1", "presence 2 slots=2 held=[run/s1/1]"]),
            ]),
        Case(
            "a repeat while the claim is on its way says nothing",
            [hello, Step(0, .assign(1)), Step(0, .assign(1), [])]),
        Case("a repeat while it runs says claimed again", running + [Step(1, .assign(1), ["claimed s1 #2"])]),
        Case(
            "the second ack of a claim starts nothing",
            running + [Step(1, .assign(1), ["claimed s1 #2"]), Step(1, .reportAcknowledged(2), [])]),
        Case(
            "a repeat after the end says finished again",
            running + [
                Step(1, .ended(1), ["finished s1 #2: Succeeded"]), Step(1, .assign(1), []),
                Step(1, .reportAcknowledged(2), []), Step(2, .assign(1), ["finished s1 #3: Succeeded"]),
            ]),
        Case(
            "another assignment of the same fence is declined, and what is held is said again",
            running + [
                Step(
                    1, .message(.assign(other)),
                    ["declined s1 #2: the agent has had another assignment with this fence", "claimed s1 #3"])
            ]),
        Case(
            "without a free slot it declines",
            [
                hello, Step(0, .assign(1)), Step(0, .assign(2)),
                Step(0, .assign(3), ["declined s3 #3: all 2 slots are taken"]),
            ]),
        Case(
            "a declined assignment stays declined when it is repeated",
            [
                hello, Step(0, .assign(1)), Step(0, .assign(2)), Step(0, .assign(3)), Step(0, .reportAcknowledged(1)),
                Step(0, .reportAcknowledged(3), []), Step(0, .ended(1)),
                Step(0, .assign(3), ["declined s3 #5: all 2 slots are taken"]),
            ]),
        Case(
            "a slot is free before finished is said",
            slots: 1,
            [
                Step(0, .ready), Step(0, .assign(1)), Step(0, .reportAcknowledged(1)),
                Step(1, .ended(1), ["finished s1 #2: Succeeded"]), Step(1, .assign(2), ["claimed s2 #3"]),
            ]),
        Case(
            "a kind that is not offered is declined",
            [
                hello,
                Step(
                    0, .message(.assign(assignment(1) { $0.kind = "build" })),
                    ["declined s1 #1: the agent does not offer `build`"]),
            ]),
    ]

    static let stops: [Case] = [
        Case(
            "a stop before the start ends it as cancelled, and the late ack starts nothing",
            [
                hello, Step(0, .assign(1)),
                Step(0, .message(stop(assignment(1))), ["finished s1 #2: Cancelled/Cancelled"]),
                Step(0, .reportAcknowledged(1), []), Step(0, .reportAcknowledged(2), []),
            ]),
        Case(
            "a stop before the start makes a claim that could not be sent superfluous",
            [
                hello, Step(0, .assign(1)), Step(0, .reportRefused(1), []),
                Step(0, .message(stop(assignment(1))), ["finished s1 #2: Cancelled/Cancelled"]), Step(1, .woke, []),
            ]),
        Case(
            "a claim that turns out unsent after its stop isn't sent again",
            [
                hello, Step(0, .assign(1)), Step(0, .message(stop(assignment(1)))), Step(0, .reportRefused(1), []),
                Step(1, .woke, []),
            ]),
        Case(
            "a stop ends what runs with grace, and a repeated one changes nothing",
            running + [
                Step(1, .message(stop(assignment(1))), ["terminate s1 10"]), Step(2, .message(stop(assignment(1))), []),
                Step(2, .ended(1, outcome(.cancelled)), ["finished s1 #2: Cancelled/Cancelled"]),
            ]),
        Case(
            "a result that was faster than its stop is kept",
            running + [
                Step(1, .message(stop(assignment(1)))), Step(1, .ended(1), ["finished s1 #2: Succeeded"]),
            ]),
        Case(
            "a stop with another digest is not for what is held",
            running + [Step(1, .message(stop(other)), [])]),
        Case(
            "a stop for what never came is answered once, and the fence refused for ten minutes",
            [
                hello, Step(0, .message(stop(assignment(1))), ["declined s1 #1: it was stopped before it came"]),
                Step(0, .message(stop(assignment(1))), []), Step(0, .presenceAcknowledged(sequence: 1), []),
                Step(599, .assign(1), ["declined s1 #2: it was stopped before", "presence 2 slots=2 held=[]"]),
            ]),
        Case(
            "after ten minutes a stopped fence is like any other",
            [
                hello, Step(0, .message(stop(assignment(1)))), Step(601, .woke),
                Step(601, .presenceAcknowledged(sequence: 2)), Step(601, .assign(1), ["claimed s1 #2"]),
            ]),
    ]

    static let presences: [Case] = [
        Case(
            "a presence comes every three seconds, and none for a claim",
            running + [
                Step(2.9, .woke, []), Step(3, .woke, ["presence 2 slots=2 held=[run/s1/1]"]), Step(5.9, .woke, []),
                Step(6, .woke, ["presence 3 slots=2 held=[run/s1/1]"]),
            ]),
        Case(
            "a fence is listed until the broker has its end",
            running + [
                Step(1, .ended(1)), Step(3, .woke, ["presence 2 slots=2 held=[run/s1/1]"]),
                Step(4, .reportAcknowledged(2), []), Step(6, .woke, ["presence 3 slots=2 held=[]"]),
            ]),
        Case("nothing is said before the channel is ready", [Step(0, .woke, []), Step(9, .woke, []), Step(9, .ready)]),
        Case(
            "asked for a report, it repeats what it holds and what ended",
            running + [
                Step(0, .assign(2)), Step(0, .reportAcknowledged(2)), Step(1, .ended(1)),
                Step(1, .reportAcknowledged(3)),
                Step(
                    2, .message(.report(instance: nil)),
                    ["finished s1 #4: Succeeded", "claimed s2 #5", "presence 2 slots=2 held=[run/s2/1]"]),
            ]),
        Case(
            "what is on its way isn't repeated",
            running + [
                Step(1, .ended(1)), Step(1, .message(.report(instance: me)), ["presence 2 slots=2 held=[run/s1/1]"]),
            ]),
        Case(
            "a new broker is told everything",
            running + [Step(1, .ready, ["claimed s1 #2", "presence 2 slots=2 held=[run/s1/1]"])]),
        Case(
            "an end is repeated for ten minutes",
            running + [
                Step(1, .ended(1)), Step(1, .reportAcknowledged(2)), Step(599, .woke),
                Step(
                    600, .message(.report(instance: nil)), ["finished s1 #3: Succeeded", "presence 3 slots=2 held=[]"]),
                Step(600, .reportAcknowledged(3)), Step(605, .woke),
                Step(606, .message(.report(instance: nil)), ["presence 5 slots=2 held=[]"]),
                Step(607, .assign(1), ["declined s1 #4: it ended here, too long ago to know how"]),
            ]),
        Case(
            "finished is sent until the broker has it",
            running + [
                Step(1, .ended(1), ["finished s1 #2: Succeeded"]), Step(1, .reportRefused(2), []),
                Step(2, .woke, ["finished s1 #2: Succeeded"]), Step(2, .reportRefused(2), []),
                Step(2.5, .ready, ["finished s1 #2: Succeeded", "presence 2 slots=2 held=[run/s1/1]"]),
                Step(2.6, .reportAcknowledged(2), []),
            ]),
        Case(
            "what the work says last is passed on",
            running + [Step(1, .workProgressed(fence(1), message: "x"), ["progress s1: x"])]),
    ]

    static let fences: [Case] = [
        Case(
            "cut off for 120 s it kills everything without grace",
            running + [
                Step(119.9, .woke, ["presence 2 slots=2 held=[run/s1/1]"]), Step(120, .woke, ["kill s1"]),
                Step(121, .woke, []),
                Step(121, .ended(1, outcome(.cancelled)), ["finished s1 #2: Cancelled/SelfFenced"]),
            ]),
        Case(
            "it counts from when the last acknowledged presence was made",
            running + [
                Step(3, .woke, ["presence 2 slots=2 held=[run/s1/1]"]), Step(5, .presenceAcknowledged(sequence: 2), []),
                Step(122, .woke), Step(123, .woke, ["kill s1"]),
            ]),
        Case(
            "what is being stopped with grace is killed too",
            running + [
                Step(119, .message(stop(assignment(1)))), Step(120, .woke, ["kill s1"]),
                Step(120, .ended(1, outcome(.cancelled)), ["finished s1 #2: Cancelled/SelfFenced"]),
            ]),
        Case(
            "after a gap longer than a lease what has not started is dropped, even if its claim was heard",
            [
                hello, greeted, Step(0, .assign(1)),
                Step(
                    15.1, .reportAcknowledged(1),
                    [
                        "declined s1 #2: the agent was out of reach for longer than a lease",
                        "presence 2 slots=2 held=[]",
                    ]),
                Step(15.2, .presenceAcknowledged(sequence: 2), []), Step(16, .assign(2), ["claimed s2 #3"]),
            ]),
        Case(
            "what comes after such a gap is left alone until the agent has been heard, and then taken if it comes again",
            [
                hello, greeted, Step(16, .assign(1), ["presence 2 slots=2 held=[]"]),
                Step(16, .presenceAcknowledged(sequence: 2), []), Step(16.1, .assign(1), ["claimed s1 #1"]),
            ]),
        Case(
            "what runs outlives a gap",
            running + [Step(60, .woke, ["presence 2 slots=2 held=[run/s1/1]"])]),
    ]

    static let endings: [Case] = [
        Case(
            "draining without work it leaves at once, and ends with the presence's ack",
            [
                hello, Step(1, .drainRequested, ["presence 2 slots=0 held=[] draining leaving"]),
                Step(1, .presenceAcknowledged(sequence: 2), ["exit"]), Step(2, .assign(1), []),
            ]),
        Case(
            "draining it declines what is new and finishes what runs",
            running + [
                Step(1, .drainRequested, ["presence 2 slots=0 held=[run/s1/1] draining"]),
                Step(1, .assign(2), ["declined s2 #2: the agent is draining"]), Step(1, .reportAcknowledged(2), []),
                Step(2, .ended(1), ["finished s1 #3: Succeeded"]),
                Step(2, .reportAcknowledged(3), ["presence 3 slots=0 held=[] draining leaving"]),
                Step(2, .presenceLost(sequence: 3), ["exit"]),
            ]),
        Case(
            "what it has claimed before draining is still run",
            [
                hello, Step(0, .assign(1)), Step(1, .drainRequested), Step(1, .reportAcknowledged(1), ["start s1"]),
            ]),
        Case(
            "when the grace is over it ends what runs", { $0.drainGraceSeconds = 10 },
            running + [
                Step(1, .drainRequested),
                Step(11, .woke, ["terminate s1 10", "presence 3 slots=0 held=[run/s1/1] draining"]),
                Step(12, .ended(1, outcome(.cancelled)), ["finished s1 #2: Cancelled/AgentDrained"]),
                Step(12, .reportAcknowledged(2), ["presence 4 slots=0 held=[] draining leaving"]),
                Step(15, .woke, ["exit"]),
            ]),
        Case(
            "it ends even if nobody hears it", { $0.drainGraceSeconds = 10 },
            running + [
                Step(1, .drainRequested), Step(11, .woke), Step(12, .ended(1, outcome(.cancelled))),
                Step(26, .woke, ["exit"]),
            ]),
        Case(
            "a second SIGTERM kills",
            running + [
                Step(1, .drainRequested),
                Step(2, .shutdownRequested, ["kill s1", "presence 3 slots=0 held=[run/s1/1] draining"]),
                Step(7, .woke, ["kill s1", "exit"]),
            ]),
        Case(
            "a controller's drain takes nothing more and stays",
            running + [
                Step(1, .message(.drain(instance: me)), ["presence 2 slots=0 held=[run/s1/1] draining"]),
                Step(1, .assign(2), ["declined s2 #2: the agent is draining"]), Step(2, .ended(1)),
                Step(2, .reportAcknowledged(3), []), Step(2, .reportAcknowledged(2), []),
            ]),
        Case("before anybody knows it, it just ends", [Step(0, .drainRequested, ["exit"])]),
        Case(
            "finished is kept on disk until the broker has it", { $0.keepsReports = true },
            running + [
                Step(1, .ended(1), ["keep s1 #2", "finished s1 #2: Succeeded"]),
                Step(1, .reportAcknowledged(2), ["drop #2"]),
            ]),
    ]

    @Test(arguments: claims + stops + presences + fences + endings)
    func actions(_ example: Case) {
        var machine = AgentMachine(example.settings)
        for (place, step) in example.steps.enumerated() {
            let actions = machine.handle(step.event, at: start.after(step.at)).compactMap(\.short)
            if let expect = step.expect { #expect(actions == expect, "step \(place): \(step.event)") }
        }
    }

    @Test func `what a dead instance left is sent under its name before the new one shows itself`() {
        let report = AgentReport(
            fence: fence(7), agent: "a", instance: "i.0", digest: "d", event: .finished(outcome(.failed, "no")))
        var settings = AgentSettings.sample()
        settings.keepsReports = true
        var machine = AgentMachine(settings, kept: [(41, report)])
        #expect(machine.handle(.ready, at: start).contains(.send(report, number: 41)))
        #expect(machine.handle(.assign(1), at: start).compactMap(\.short) == ["claimed s1 #42"])
        #expect(machine.handle(.reportAcknowledged(42), at: start).compactMap(\.short) == ["start s1"])
        #expect(
            machine.handle(.reportAcknowledged(41), at: start).compactMap(\.short)
                == ["drop #41", "presence 1 slots=2 held=[run/s1/1]"])
    }

    @Test func `a first presence does not wait for ever for what a dead instance left`() {
        let report = AgentReport(
            fence: fence(7), agent: "a", instance: "i.0", digest: "d", event: .finished(outcome()))
        var machine = AgentMachine(.sample(), kept: [(1, report)])
        #expect(machine.handle(.ready, at: start).contains(.wake(at: start.uptime + 5_000_000)))
        #expect(machine.handle(.woke, at: start.after(5)).compactMap(\.short) == ["presence 1 slots=2 held=[]"])
    }

    @Test func `it asks to be woken for the next presence once, not with every event`() {
        var machine = AgentMachine(.sample(slots: 100))
        #expect(machine.handle(.ready, at: start).contains(.wake(at: start.uptime + 3_000_000)))
        for number in 1...50 {
            #expect(
                !machine.handle(.assign(number), at: start.after(0.1)).contains { action in
                    if case .wake = action { true } else { false }
                })
        }
    }

    @Test func `it expects traffic while it is in use`() {
        var machine = AgentMachine(.sample())
        _ = machine.handle(.ready, at: start)
        #expect(machine.handle(.assign(1), at: start).contains(.expectTraffic(true)))
        _ = machine.handle(.reportAcknowledged(1), at: start)
        #expect(!machine.handle(.woke, at: start.after(30)).contains(.expectTraffic(false)))
        _ = machine.handle(.ended(1), at: start.after(30))
        _ = machine.handle(.reportAcknowledged(2), at: start.after(30))
        #expect(machine.handle(.woke, at: start.after(40)).contains(.expectTraffic(false)))
    }

    @Test func `old attempts are forgotten, held ones never`() {
        var settings = AgentSettings.sample()
        settings.rememberedAttempts = 10
        var machine = AgentMachine(settings)
        var number = 0
        var time = start
        func run(_ stage: Int) {
            _ = machine.handle(.assign(stage), at: time)
            number += 1
            _ = machine.handle(.reportAcknowledged(number), at: time)
        }
        _ = machine.handle(.ready, at: time)
        run(0)
        for stage in 1...100 {
            time = time.after(0.01)
            run(stage)
            _ = machine.handle(.ended(stage), at: time)
            number += 1
            _ = machine.handle(.reportAcknowledged(number), at: time)
        }
        #expect(machine.handle(.assign(0), at: time).compactMap(\.short) == ["claimed s0 #202"])
        #expect(machine.handle(.assign(95), at: time).compactMap(\.short) == ["finished s95 #203: Succeeded"])
        #expect(machine.handle(.assign(5), at: time).compactMap(\.short) == ["claimed s5 #204"])
    }

    @Test func `the oldest outcomes lose their findings first, then are forgotten`() {
        var book = AttemptBook(limit: 100, outcomeLimit: 10_000)
        for number in 0..<60 {
            book.insert(
                Attempt(fence: fence(number), digest: "d", phase: .running, claimedAt: start.wall))
            book.update(fence(number)) {
                var outcome = StageOutcome(.failed, message: "x")
                var annotation = Annotation()
                annotation.message = String(repeating: "a", count: 500)
                outcome.annotations = [annotation]
                $0.outcome = outcome
                $0.phase = .ended
            }
            #expect(book.outcomeBytes <= 10_000)
        }
        #expect(book[fence(59)]?.outcome?.annotations.count == 1)
        #expect(book[fence(40)]?.outcome?.annotations.isEmpty == true)
        for number in 60..<200 {
            book.insert(Attempt(fence: fence(number), digest: "d", phase: .running, claimedAt: start.wall))
            book.update(fence(number)) {
                $0.outcome = StageOutcome(.failed, message: String(repeating: "m", count: 512))
                $0.phase = .ended
            }
            #expect(book.outcomeBytes <= 10_000)
        }
        #expect(book[fence(150)]?.outcome == nil)
        #expect(book[fence(199)]?.outcome != nil)
    }

    @Test(arguments: ["b", "\u{1}", "\"", "ä"])
    func `an outcome is cut to what the protocol allows, as its message has it`(_ letter: String) {
        var outcome = StageOutcome(.failed, message: String(repeating: "ä", count: 4000))
        outcome.exitCode = 1 << 20
        outcome.reason = ""
        var annotation = Annotation()
        annotation.message = String(repeating: letter, count: 5000)
        annotation.line = -4
        outcome.annotations = [Annotation](repeating: annotation, count: 2000)
        outcome.results = (0..<80).map {
            Param(name: $0 == 3 ? "a.b" : "r\($0)", value: String(repeating: letter, count: 5000))
        }
        let report = AgentReport(
            fence: fence(1), agent: "a", instance: me, digest: "d", event: .finished(outcome.fitted()))
        let envelope = Envelope(
            id: "1", source: "/agents/a", installation: "x", time: start.wall, message: .report(report))
        let value = envelope.value
        #expect(value.count < Envelope.valueLimit && value.count < 1_000_000)
        #expect((try? Envelope.decode(headers: envelope.headers, value: value).get()) == envelope)
    }
}
