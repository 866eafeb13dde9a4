import Controller
import Model
import Stores
import Testing

@Suite("Runs made for events, in a folder", .timeLimit(.minutes(1)))
struct DeskTests {
    /// A desk with a board that is told what the store tells.
    private func withDesk(
        _ home: TestHome, _ body: @escaping @Sendable (FolderDesk, FolderStore) async throws -> Void
    ) async throws {
        try await withStore(home) { store, followed in
            let board = RunBoard()
            let desk = FolderDesk(store, board: board)
            let (listed, listing) = AsyncStream<Void>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await store.follow { event in
                        board.followed(event)
                        listing.finish()
                    }
                }
                for await _ in listed {}
                try await body(desk, store)
                group.cancelAll()
            }
        }
    }

    private func run(_ name: String, pipeline: String = "ci", pull: Int? = nil) -> PipelineRun {
        var metadata = Metadata(name: name)
        metadata.labels[RunLabels.repository] = RunLabels.repositoryHash("https://github.com/a/b.git")
        if let pull { metadata.labels[RunLabels.pullRequest] = "\(pull)" }
        var spec = PipelineRunSpec()
        spec.pipelineRef = PipelineReference(name: pipeline)
        return PipelineRun(metadata: metadata, spec: spec)
    }

    @Test func `a run is made once, however often and at once it is asked for`() async throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try await withDesk(home) { desk, store in
            let run = run("ci-1")
            let made = await withTaskGroup(of: [MakeOutcome].self) { group in
                for _ in 0..<20 { group.addTask { await desk.make([run], remembering: true) } }
                var made: [PipelineRun] = []
                for await outcomes in group {
                    for case .made(let run) in outcomes { made.append(run) }
                }
                return made
            }
            #expect(made.map(\.metadata.name) == ["ci-1"])
            let runs = try await store.reader.runs()
            #expect(runs.count == 1)
        }
    }

    @Test func `an event that comes again makes nothing, though its run was deleted meanwhile, also after a restart`()
        async throws
    {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try await withDesk(home) { desk, store in
            guard case .made(let run) = await desk.make([run("ci-1")], remembering: true).first else {
                Issue.record("not made")
                return
            }
            let reference = RunReference(
                uid: run.uid, name: "ci-1", namespace: nil, resourceVersion: run.metadata.resourceVersion ?? "")
            #expect(await store.delete(reference) == .deleted)
        }
        try await withDesk(home) { desk, store in
            #expect(await desk.make([run("ci-1")], remembering: true) == [.exists])
            let runs = try await store.reader.runs()
            #expect(runs.isEmpty)
            // Another of the event's, whose pipeline was not there then, is made all the same.
            let both = await desk.make([run("ci-1"), run("ci-2")], remembering: true)
            #expect(both.first == .exists)
            guard case .made = both.last else {
                Issue.record("not made")
                return
            }
        }
    }

    @Test func `an event that made no run is remembered, also after a restart`() async throws {
        let home = try TestHome()
        try await withDesk(home) { desk, _ in
            #expect(try await !desk.hasHandled("d"))
            try await desk.remember("d")
            #expect(try await desk.hasHandled("d"))
        }
        try await withDesk(home) { desk, _ in
            let (known, another) = (try await desk.hasHandled("d"), try await desk.hasHandled("another"))
            #expect(known && !another)
        }
    }

    @Test func `what makes no sense is refused with the reason, and may be sent again once it does`() async throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try await withDesk(home) { desk, _ in
            let outcomes = await desk.make([run("ok"), run("bad", pipeline: "cii")], remembering: true)
            guard case .made = outcomes[0], case .refused(let reason) = outcomes[1] else {
                Issue.record("\(outcomes)")
                return
            }
            #expect(reason == "there is no pipeline `cii` (did you mean `ci`?)")
            let again = await desk.make([run("ok"), run("bad")], remembering: true)
            #expect(again[0] == .exists)
            guard case .made = again[1] else {
                Issue.record("\(again)")
                return
            }
        }
    }

    @Test func `runs of a pull request are found, and asked what is so already without an error`() async throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try await withDesk(home) { desk, store in
            _ = await desk.make([run("one", pull: 7), run("two", pull: 8)], remembering: true)
            let found = try await desk.runs(ofPullRequest: 7, in: "git@github.com:a/b.git")
            #expect(found.map(\.metadata.name) == ["one"])
            let others = try await desk.runs(ofPullRequest: 7, in: "https://github.com/a/other")
            #expect(others.isEmpty)
            let run = try #require(found.first)
            #expect(await desk.ask(.cancel, of: run) == .done)
            #expect(await desk.ask(.cancel, of: run) == .done)
            try await store.finish(try await store.stored("one"))
            #expect(await desk.ask(.cancel, of: run) == .done)
            #expect(await desk.ask(.rerun, of: run) == .done)
            let again = try await store.stored("one")
            #expect(again.spec.rerunCount == 1)
            guard case .refused = await desk.ask(.rerun, of: try await store.stored("two")) else {
                Issue.record("nothing of it could be run again")
                return
            }
            let missing = try await desk.run("three", namespace: nil)
            #expect(missing == nil)
        }
    }

    @Test func `what has been observed of a pipeline is kept, and told`() async throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            var patch = PipelinePatch(name: "ci", namespace: nil)
            patch.lastScheduleTime = Timestamp(seconds: 1_790_000_000)
            #expect(await store.patch(patch))
            var other = PipelinePatch(name: "ci", namespace: nil)
            other.outcomes = [RefOutcome(ref: "refs/heads/main", run: "r", succeeded: .false, time: nil)]
            #expect(await store.patch(other))
            #expect(await store.patch(PipelinePatch(name: "gone", namespace: nil)))
            let pipeline = try #require(try await store.reader.pipelines().first)
            #expect(pipeline.status.lastScheduleTime == Timestamp(seconds: 1_790_000_000))
            #expect(pipeline.status.outcomes.map(\.run) == ["r"])
        }
    }
}
