import Controller
import Document
import KubernetesAPI
import Model
import Planning
import Synchronization
import Testing

@testable import Stores

@Suite(.timeLimit(.minutes(1))) struct EventTests {
    // MARK: What is told

    @Test(
        arguments: [
            (Happening.runStarted, nil),
            (.stageDeclined(stage: "a", reason: "x"), nil),
            (.stageEnded(stage: "a", state: .succeeded, reason: "Succeeded", message: nil), nil),
            (.stageEnded(stage: "a", state: .skipped, reason: "WhenNotMet", message: nil), nil),
            (
                .stageEnded(stage: "a", state: .failed, reason: "Timeout", message: "took 5 s"),
                EventNote(.warning, "StageFailed", "stage `a` failed (Timeout): took 5 s")
            ),
            (
                .stageRetried(stage: "a", failures: 2, at: Timestamp(seconds: 0)),
                EventNote(.warning, "StageRetried", "stage `a` failed (2 so far) and will be tried again")
            ),
            (
                .stageLost(stage: "a", losses: 1, reason: "its lease ended"),
                EventNote(.warning, "StageLost", "stage `a` was lost with its agent (1 times): its lease ended")
            ),
            (
                .runEnded(succeeded: true, reason: Reason.succeeded, message: "4 of 4"),
                EventNote(.normal, "RunSucceeded", "4 of 4")
            ),
            (
                .runEnded(succeeded: true, reason: Reason.completedWithFailures, message: "m"),
                EventNote(.normal, "RunCompletedWithFailures", "m")
            ),
            (
                .runEnded(succeeded: false, reason: Reason.stageFailed, message: "m"),
                EventNote(.warning, "RunFailed", "m")
            ),
            (
                .runEnded(succeeded: false, reason: Reason.cancelled, message: "m"),
                EventNote(.normal, "RunCancelled", "m")
            ),
            (
                .runEnded(succeeded: false, reason: Reason.runTimeout, message: ""),
                EventNote(.warning, "RunTimedOut", "RunTimeout")
            ),
            (
                .runEnded(succeeded: false, reason: Reason.statusRejected, message: "m"),
                EventNote(.warning, "StatusRejected", "m")
            ),
        ] as [(Happening, EventNote?)])
    func onlyEndsFailuresRetriesAndLossesAreTold(_ happening: Happening, _ note: EventNote?) {
        #expect(EventNote(happening) == note)
    }

    @Test func aMessageIsAsLongAsTheAPITakes() {
        let note = EventNote(.normal, "R", String(repeating: "é", count: 2000))
        #expect(note.message.utf8.count <= 1024)
        #expect(note.message.hasSuffix("é…"))
    }

    @Test func aSpecThatIsNotAcceptedIsToldOnceUntilItIsAnother() {
        var notes = EventNotes()
        var run = PipelineRun(metadata: Metadata(name: "r", uid: "u"), spec: PipelineRunSpec())
        let now = Timestamp(seconds: 0)
        run.status.conditions.set(Condition.accepted, .false, reason: "PipelineNotFound", message: "no `ci`", at: now)
        #expect(notes.notes(of: run, []).map(\.reason) == ["PipelineNotFound"])
        #expect(notes.notes(of: run, []).isEmpty)
        run.status.conditions.set(Condition.accepted, .true, reason: "Accepted", at: now)
        #expect(notes.notes(of: run, []).isEmpty)
        run.status.conditions.set(Condition.accepted, .false, reason: "InvalidSpec", message: "no name", at: now)
        let ended = Happening.runEnded(succeeded: false, reason: "InvalidSpec", message: "no name")
        #expect(notes.notes(of: run, [ended]) == [EventNote(.warning, "InvalidSpec", "no name")])
    }

    // MARK: Series

    private static let subject = EventSeries.Subject(uid: "u", name: "r", namespace: "team", resourceVersion: "1")
    private static let note = EventNote(.warning, "StageFailed", "m")

    @Test func theSameAboutTheSameRunIsOneEventThatCounts() throws {
        var series = EventSeries()
        let (first, later) = (Timestamp(seconds: 100), Timestamp(seconds: 200))
        guard case .create(let entry) = series.decide(Self.note, about: Self.subject, at: .zero, wall: first) else {
            Issue.record("not created")
            return
        }
        #expect(entry.count == 1)
        guard case .update(let again) = series.decide(Self.note, about: Self.subject, at: .seconds(1), wall: later)
        else {
            Issue.record("not updated")
            return
        }
        #expect(again.name == entry.name)
        #expect(again.count == 2)
        #expect(again.first == first)
        #expect(again.last == later)
        var other = Self.subject
        other.uid = "v"
        guard case .create(let another) = series.decide(Self.note, about: other, at: .zero, wall: first) else {
            Issue.record("another run's is another event")
            return
        }
        #expect(another.name != entry.name)
    }

    @Test func aRunThatFloodsIsCutOffAndOthersAreNot() {
        var series = EventSeries()
        func allowed(_ uid: String, _ count: Int, at seconds: Int) -> Int {
            (0..<count).count { number in
                var subject = Self.subject
                subject.uid = uid
                let note = EventNote(.normal, "R", "\(uid) \(seconds) \(number)")
                return series.decide(note, about: subject, at: .seconds(seconds), wall: Timestamp(seconds: 0)) != .drop
            }
        }
        #expect(allowed("u", 100, at: 0) == 25)
        #expect(allowed("u", 10, at: 299) == 0)
        #expect(allowed("u", 10, at: 301) == 1)
        #expect(allowed("v", 10, at: 301) == 10)
    }

    // MARK: Sending

    private struct Desk {
        let cluster = FakeCluster()
        let told = Lines()
        let clock = ManualClock()
        let events: KubernetesEvents

        init() {
            events = KubernetesEvents(
                cluster, instance: "pod-1", clock: clock.clock,
                wall: { Timestamp(microseconds: 1_790_000_000_500_000) },
                warn: { [told] in told.add($0) })
        }

        var stored: [Node] {
            cluster.state.withLock { state in
                state.objects.values.filter { $0.collection == "events" }.sorted { $0.version < $1.version }
                    .map(\.node)
            }
        }

        func run(_ uid: String = "u") -> PipelineRun {
            var metadata = Metadata(name: "run-\(uid)", uid: uid)
            metadata.namespace = "team"
            metadata.resourceVersion = "v7"
            return PipelineRun(metadata: metadata, spec: PipelineRunSpec())
        }

        func open(_ body: () async throws -> Void) async throws {
            let events = events
            let serving = Task { try await events.run() }
            try await body()
            serving.cancel()
            _ = await serving.result
        }

        func passed(_ holds: () -> Bool) async {
            while !holds(), !Task.isCancelled { await clock.advance(.milliseconds(500)) }
        }
    }

    private static let failed = Happening.stageEnded(stage: "a", state: .failed, reason: "Failure", message: "exit 1")

    @Test func anEventSaysWhatItIsAbout() async throws {
        let desk = Desk()
        try await desk.open {
            desk.events.observed(desk.run(), happenings: [Self.failed], isStored: false)
            desk.events.observed(desk.run(), happenings: [.runStarted, Self.failed], isStored: true)
            await desk.passed { !desk.stored.isEmpty }
        }
        let event = try #require(desk.stored.first)
        #expect(desk.stored.count == 1)
        let involved = event["involvedObject"]
        #expect(involved?["kind"]?.string == "PipelineRun")
        #expect(involved?["apiVersion"]?.string == "martlet.dev/v1alpha1")
        #expect(involved?["uid"]?.string == "u")
        #expect(involved?["namespace"]?.string == "team")
        #expect(involved?["resourceVersion"]?.string == "v7")
        #expect(event["metadata"]?["namespace"]?.string == "team")
        #expect(event["metadata"]?["name"]?.string?.hasPrefix("run-u.") == true)
        #expect(event["type"]?.string == "Warning")
        #expect(event["reason"]?.string == "StageFailed")
        #expect(event["source"]?["component"]?.string == "martlet-controller")
        #expect(event["reportingComponent"]?.string == "martlet-controller")
        #expect(event["reportingInstance"]?.string == "pod-1")
        #expect(event["count"]?.int == 1)
        #expect(event["firstTimestamp"]?.string == "2026-09-21T14:13:20Z")
    }

    @Test func aSeriesIsCountedInOneEventWhichComesAnewOnceItHasExpired() async throws {
        let desk = Desk()
        try await desk.open {
            for _ in 0..<3 { desk.events.observed(desk.run(), happenings: [Self.failed], isStored: true) }
            await desk.passed { desk.stored.first?["count"]?.int == 3 }
            let name = try #require(desk.stored.first?["metadata"]?["name"]?.string)
            desk.cluster.delete("events", "team", name)
            desk.events.observed(desk.run(), happenings: [Self.failed], isStored: true)
            await desk.passed { desk.stored.first?["count"]?.int == 4 }
        }
        #expect(desk.stored.count == 1)
        #expect(desk.cluster.requests(.patch).allSatisfy { $0.contentType == "application/merge-patch+json" })
    }

    @Test func troubleThatPassesCostsNothingAndTroubleThatStaysIsTold() async throws {
        let desk = Desk()
        try await desk.open {
            desk.cluster.next(.fail(.unreachable("reset"))) { $0.method == .post }
            desk.events.observed(desk.run(), happenings: [Self.failed], isStored: true)
            await desk.passed { desk.stored.count == 1 }
            #expect(desk.told.all.isEmpty)
            desk.cluster.always(.fail(.refused(APIStatus(code: 403, reason: "Forbidden", message: "no")))) { _ in true }
            desk.events.observed(desk.run("v"), happenings: [Self.failed], isStored: true)
            desk.events.observed(desk.run("w"), happenings: [Self.failed], isStored: true)
            await desk.passed { desk.told.all.contains { $0.contains("left out") } }
        }
        #expect(desk.told.all.first == "Kubernetes Events can't be written: no (Forbidden, 403)")
        #expect(desk.told.all.count { $0.contains("can't be written") } == 1)
    }

    @Test func whatNobodyFetchesIsDroppedAndCounted() async throws {
        let desk = Desk()
        for number in 0..<1200 {
            desk.events.observed(desk.run("u\(number)"), happenings: [Self.failed], isStored: true)
        }
        try await desk.open { await desk.passed { !desk.told.all.isEmpty } }
        #expect(desk.told.all == ["200 Kubernetes Events were left out: too many at once, or refused"])
        #expect(desk.stored.count == 1000)
    }
}
