import Controller
import Glibc
import Model
import Stores
import Testing

@Suite("Statuses in the folder home", .timeLimit(.minutes(2)))
struct StatusTests {
    private func open(_ home: TestHome) throws -> FolderStore {
        try FolderStore(StateFolder.create(at: home.state))
    }

    @Test(
        "are brought into the database while others are stored, long before its log is so long that a write waits for it"
    )
    func checkpoints() async throws {
        let home = try TestHome()
        let store = try open(home)
        defer { store.close() }
        var runs: [PipelineRun] = []
        for number in 0..<10 { runs.append(try await store.verbs.create(Sample.inline("run-\(number)"))) }
        let before = try size(home.state + "/state.db")
        for round in 0..<30 {
            let outcomes = await store.write(
                runs.map { run in
                    var status = run.status
                    status.progress = "\(round)/30"
                    return StatusWrite(run, status)
                })
            for (place, outcome) in outcomes.enumerated() {
                guard case .stored(let version) = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
                runs[place].metadata.resourceVersion = version
            }
        }
        // The suite's limit ends this where it never comes.
        while try size(home.state + "/state.db") == before { try await Task.sleep(for: .milliseconds(5)) }
    }

    private func size(_ path: String) throws -> Int {
        var info = stat()
        try #require(stat(path, &info) == 0)
        return Int(info.st_size)
    }

    @Test("are stored only at the version they are based on")
    func compareAndSwap() async throws {
        let store = try open(TestHome())
        defer { store.close() }
        let run = try await store.verbs.create(Sample.inline("one"))
        var status = run.status
        status.progress = "1/3"
        let outcomes = await store.write([StatusWrite(run, status)])
        guard case .stored(let version) = outcomes.first else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(version != run.metadata.resourceVersion)

        status.progress = "2/3"
        let fresh = try #require(try await store.run(uid: run.uid))
        #expect(fresh.status.progress == "1/3")
        #expect(fresh.metadata.resourceVersion == version)
        #expect(await store.write([StatusWrite(run, status)]) == [.conflict(fresh)])

        var stranger = StatusWrite(run, status)
        stranger.uid = "nobody"
        var large = StatusWrite(fresh, status)
        large.status.stages = (0..<256).map { number in
            var stage = StageStatus(id: "stage-\(number)")
            stage.results = (0..<2).map { Param(name: "r\($0)", value: String(repeating: "x", count: 1024)) }
            return stage
        }
        let mixed = await store.write([stranger, large, StatusWrite(fresh, status)])
        #expect(mixed.count == 3)
        #expect(mixed.first == .gone)
        guard case .refused = mixed[1], case .stored = mixed[2] else {
            Issue.record("\(mixed)")
            return
        }
        #expect(try await store.run(uid: run.uid)?.status.progress == "2/3")
        #expect(try await store.run(uid: "nobody") == nil)
    }

    @Test("are all there after a crash, with the same UIDs")
    func crash() async throws {
        let home = try TestHome()
        let store = try open(home)
        defer { store.close() }
        var runs: [PipelineRun] = []
        for number in 0..<20 {
            runs.append(try await store.finish(try await store.verbs.create(Sample.inline("run-\(number)"))))
        }
        // What a killed process leaves: the files as they are, the write-ahead log among them.
        let copy = try TestHome()
        try #require(TestHome.shell("cp -r \(home.state) \(copy.state)") == 0)
        #expect(TestHome.shell("test -s \(copy.state)/state.db-wal") == 0)
        let second = try open(copy)
        defer { second.close() }
        for run in runs { #expect(try await second.run(uid: run.uid) == run) }
    }

    @Test("and commands of another process don't get lost between each other")
    func concurrency() async throws {
        let home = try TestHome()
        try await withStore(home, paths: []) { store, _ in
            let run = try await store.verbs.create(Sample.inline("busy"))
            let other = try FolderVerbs(store.folder)
            async let written: Int = {
                var run = run
                var stored = 0
                for number in 1...300 {
                    var status = run.status
                    status.progress = "\(number)/300"
                    switch await store.write([StatusWrite(run, status)]).first {
                    case .stored(let version):
                        run.metadata.resourceVersion = version
                        stored += 1
                    case .conflict(let fresh):
                        run = fresh
                    case let outcome:
                        Issue.record("\(String(describing: outcome))")
                    }
                }
                return stored
            }()
            for _ in 0..<50 {
                try await other.pause("busy")
                try await other.resume("busy")
            }
            let count = await written
            let last = try await store.stored("busy")
            #expect(count > 0)
            #expect(last.metadata.generation == 101)
            #expect(last.spec.desiredState == .running)
            #expect(last.status.progress != nil)
        }
    }

    @Test("of 10,000 runs are listed, newest first, within seconds")
    func many() async throws {
        let home = try TestHome()
        let store = try open(home)
        defer { store.close() }
        let run = try await store.verbs.create(Sample.inline("run-0"))
        _ = try await store.finish(run)
        // Copies, since making them one by one is not what is looked at here.
        try #require(
            TestHome.shell(
                """
                sqlite3 \(home.state)/state.db "
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
                INSERT INTO runs SELECT i + 1, 'uid-' || i, namespace, 'run-' || i, file, is_present, 0, 0, metadata,
                spec, verbs, file_verbs, 1, created + i, changed FROM n, runs WHERE id = 1;
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
                INSERT INTO statuses SELECT i + 1, revision, completed, status FROM n, statuses WHERE run = 1;"
                """) == 0)
        let reader = try FolderReader(StateFolder.existing(at: home.state))
        let clock = ContinuousClock()
        let start = clock.now
        let runs = try await reader.runs()
        #expect(runs.count == 10_000)
        #expect(runs.first?.metadata.name == "run-9999")
        #expect(runs.last == (try await store.stored("run-0")))
        #expect(clock.now - start < .seconds(20))
        #expect(try await reader.runs(limit: 3).map(\.metadata.name) == ["run-9999", "run-9998", "run-9997"])
    }
}
