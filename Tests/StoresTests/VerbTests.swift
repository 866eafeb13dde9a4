import Controller
import Model
import Stores
import Testing

@Suite("Commands", .timeLimit(.minutes(1)))
struct VerbTests {
    @Test("of another process reach who follows, and stop a status that was decided without them")
    func otherProcess() async throws {
        try await withStore(try TestHome(), paths: []) { store, followed in
            _ = try await followed.next()
            let run = try await store.verbs.create(Sample.inline("one"))
            #expect(try await followed.run() == run)
            let other = try FolderVerbs(store.folder)
            let paused = try await other.pause("one")
            #expect(paused.spec.desiredState == .paused)
            #expect(try await followed.run() == paused)
            #expect(await store.write([StatusWrite(run, run.status)]) == [.conflict(paused)])
            // By its UID, and asked for what is so already.
            #expect(try await other.pause(run.uid) == paused)
            let resumed = try await other.resume("one")
            #expect(resumed.metadata.generation == 3)
            #expect(try await followed.run() == resumed)
            let made = try await other.create(Sample.inline())
            #expect(made.metadata.name.hasPrefix("run-"))
            #expect(made.metadata.name.utf8.count == 9)
            #expect(try await followed.run() == made)
        }
    }

    @Test("that were given while no controller ran are there when one starts")
    func kept() async throws {
        let home = try TestHome()
        try await withStore(home, paths: []) { store, _ in _ = try await store.verbs.create(Sample.inline("one")) }
        try await FolderVerbs(StateFolder.existing(at: home.state)).cancel("one")
        try await withStore(home, paths: []) { _, followed in
            guard case .listed(let runs, _) = try await followed.next() else { return }
            #expect(runs.map(\.spec.desiredState) == [.cancelled])
        }
    }

    @Test("that drain agents are told at once, all of them each time, and again at the next start")
    func drain() async throws {
        let home = try TestHome()
        try await withStore(home, paths: []) { store, followed in
            guard case .listed = try await followed.next() else { return }
            let other = try FolderVerbs(store.folder)
            try await other.drain("b")
            #expect(try await followed.next() == .drained(["b"]))
            try await other.drain("a")
            #expect(try await followed.next() == .drained(["a", "b"]))
            // Asking for what is so already is no news.
            try await other.drain("a")
            try await other.drain("b", undo: true)
            #expect(try await followed.next() == .drained(["a"]))
            #expect(try await FolderReader(store.folder).drainedAgents() == ["a"])
        }
        try await withStore(home, paths: []) { store, followed in
            guard case .listed = try await followed.next() else { return }
            #expect(try await followed.next() == .drained(["a"]))
            try await FolderVerbs(store.folder).drain("a", undo: true)
            #expect(try await followed.next() == .drained([]))
        }
    }

    @Test("make runs of pipelines, and say what is wrong with what is asked for")
    func create() async throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline("nightly-build"))
        try await withStore(home) { store, _ in
            let run = try await store.verbs.createRun(from: "nightly-build", priority: 3)
            #expect(run.metadata.name.hasPrefix("nightly-build-"))
            #expect(run.metadata.name.utf8.count == "nightly-build-".utf8.count + 5)
            #expect(run.spec.pipelineRef?.name == "nightly-build")
            #expect(run.spec.priority == 3)
            func refusal(_ body: () async throws -> PipelineRun) async -> String {
                do { return "made \(try await body().metadata.name)" } catch { return "\(error)" }
            }
            #expect(
                await refusal { try await store.verbs.createRun(from: "nightly-biuld") }
                    == "there is no pipeline `nightly-biuld` (did you mean `nightly-build`?)")
            #expect(
                await refusal {
                    try await store.verbs.createRun(from: "nightly-build", params: [Param(name: "x", value: "1")])
                }.contains("no parameter `x`"))
            _ = try await store.verbs.create(Sample.inline("named"))
            #expect(
                await refusal { try await store.verbs.create(Sample.inline("named")) }
                    == "there is a run `named` already (choose another name)")
            #expect(
                await refusal { try await store.verbs.create(Sample.inline("Not A Name")) }.hasPrefix("the run's name"))
            #expect(
                await refusal { try await store.verbs.cancel("nmaed") }
                    == "there is no run `nmaed` (did you mean `named`?)")
        }
    }

    @Test("that make no sense for a run's state are refused")
    func states() async throws {
        try await withStore(try TestHome(), paths: []) { store, _ in
            let verbs = store.verbs
            func kind(_ body: () async throws -> PipelineRun) async -> VerbError.Kind? {
                do {
                    _ = try await body()
                    return nil
                } catch { return (error as? VerbError)?.kind }
            }
            let run = try await verbs.create(Sample.inline("one"))
            #expect(await kind { try await verbs.rerun("one") } == .nothingToRerun)
            #expect(await kind { try await verbs.approve("one", stage: "hello", .approved) } == .unknownStage)
            try await verbs.cancel("one")
            #expect(await kind { try await verbs.cancel("one") } == nil)
            #expect(await kind { try await verbs.resume("one") } == .cancelled)
            #expect(await kind { try await verbs.pause("one") } == .cancelled)
            try await store.finish(try await store.stored("one"), .cancelled)
            #expect(await kind { try await verbs.cancel("one") } == .finished)
            let rerun = try await verbs.rerun("one")
            #expect(rerun.spec.rerunCount == 1)
            #expect(rerun.spec.desiredState == .running)
            #expect(rerun.uid == run.uid)
            let good = try await verbs.create(Sample.inline("good"))
            try await store.finish(good, .succeeded)
            #expect(await kind { try await verbs.rerun("good") } == .nothingToRerun)
        }
    }

    @Test("decide approvals once for each rerun")
    func approvals() async throws {
        try await withStore(try TestHome(), paths: []) { store, _ in
            var run = Sample.inline("one")
            var gate = StageSpec()
            gate.name = "release"
            gate.approval = Approval()
            run.spec.pipelineSpec?.stages.append(gate)
            _ = try await store.verbs.create(run)
            let approved = try await store.verbs.approve("one", stage: "release", .approved)
            #expect(approved.spec.approvals == [ApprovalDecision(stage: "release", decision: .approved)])
            #expect(try await store.verbs.approve("one", stage: "release", .approved) == approved)
            await #expect(throws: VerbError.self) {
                try await store.verbs.approve("one", stage: "release", .rejected)
            }
            await #expect(throws: VerbError.self) { try await store.verbs.approve("one", stage: "relaese", .approved) }
            try await store.finish(try await store.stored("one"))
            _ = try await store.verbs.rerun("one")
            #expect(try await store.verbs.approve("one", stage: "release", .rejected).spec.approvals.count == 2)
        }
    }

    /// A file and commands on one run, one after the other, and what is wanted in the end.
    struct Case: CustomTestStringConvertible, Sendable {
        enum Step: Sendable {
            case file(String)
            case pause, resume, cancel, end, rerun
        }

        var testDescription: String
        var steps: [Step]
        var desiredState: PipelineRunSpec.DesiredState
        var rerunCount = 0

        init(_ description: String, _ steps: [Step], _ state: PipelineRunSpec.DesiredState, reruns: Int = 0) {
            testDescription = description
            self.steps = steps
            desiredState = state
            rerunCount = reruns
        }
    }

    @Test(
        "and edits of a file: the later one wins",
        arguments: [
            Case("a command after the file", [.file("desiredState: Paused"), .resume], .running),
            Case("the file after a command", [.pause, .file("desiredState: Cancelled")], .cancelled),
            Case(
                "a save that says what it said before is no new word",
                [.file("desiredState: Paused"), .resume, .file("desiredState: Paused # still")], .running),
            Case("an edit can't take back a cancel", [.file("desiredState: Paused"), .cancel, .file("")], .cancelled),
            Case(
                "a rerun in the file runs a cancelled run again", [.cancel, .end, .file("rerunCount: 1")], .running,
                reruns: 1),
            Case(
                "a rerun in the file counts on top of those by commands",
                [.end, .rerun, .end, .rerun, .end, .file("rerunCount: 1")], .running, reruns: 3),
            Case(
                "reruns can't be taken back", [.end, .file("rerunCount: 2"), .file("rerunCount: 1")], .running,
                reruns: 2),
        ])
    func latestWins(_ example: Case) async throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try home.write("run.yaml", Sample.run())
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            for (number, step) in example.steps.enumerated() {
                switch step {
                case .file(let spec):
                    try home.save("run.yaml", Sample.run("first", spec))
                    // Files are read in the order of their events.
                    try home.write("mark-\(number).yaml", Sample.run("mark-\(number)"))
                    _ = try await followed.run("mark-\(number)")
                case .pause: try await store.verbs.pause("first")
                case .resume: try await store.verbs.resume("first")
                case .cancel: try await store.verbs.cancel("first")
                case .rerun: try await store.verbs.rerun("first")
                case .end: try await store.finish(try await store.stored("first"))
                }
            }
            let run = try await store.stored("first")
            #expect(run.spec.desiredState == example.desiredState)
            #expect(run.spec.rerunCount == example.rerunCount)
        }
    }
}
