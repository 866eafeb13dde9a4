import Controller
import Glibc
import Manifests
import Model
import Stores
import Testing

@Suite("Files of manifests", .timeLimit(.minutes(1)))
struct ManifestFollowingTests {
    private static func home() throws -> TestHome {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try home.write("run.yaml", Sample.run())
        return home
    }

    @Test("are listed with a UID each, which a restart keeps")
    func listed() async throws {
        let home = try Self.home()
        var uids: [String] = []
        for _ in 0..<2 {
            try await withStore(home) { store, followed in
                guard case .listed(let runs, let pipelines) = try await followed.next() else {
                    Issue.record("no listing")
                    return
                }
                #expect(runs.map(\.metadata.name) == ["first"])
                #expect(runs.map(\.metadata.generation) == [1])
                #expect(pipelines.map(\.metadata.name) == ["ci"])
            }
            let reader = try FolderReader(StateFolder.existing(at: home.state))
            uids.append(try await reader.run("first").uid)
        }
        #expect(uids[0].utf8.count == 36)
        #expect(uids[0] == uids[1])
    }

    @Test(
        "keep their run through every way of saving",
        arguments: ["in place", "by rename", "with a backup", "under another name"])
    func saves(_ way: String) async throws {
        let home = try Self.home()
        try await withStore(home, grace: 100) { store, followed in
            _ = try await followed.next()
            let uid = try await store.stored("first").uid
            let text = Sample.run("first", "desiredState: Paused")
            switch way {
            case "in place": try home.write("run.yaml", text)
            case "by rename": try home.save("run.yaml", text)
            case "with a backup": try home.saveWithBackup("run.yaml", text)
            default:
                try #require(rename(home.file("run.yaml"), home.file("moved.yaml")) == 0)
                try home.write("moved.yaml", text)
            }
            let run = try await followed.run()
            #expect(run.uid == uid)
            // A change of the name alone may be told first.
            let paused = run.spec.desiredState == .paused ? run : try await followed.run()
            #expect(paused.spec.desiredState == .paused)
            #expect(paused.metadata.generation == 2)
            // What comes after is another file's: nothing has been said about this one in between.
            try home.write("second.yaml", Sample.run("second"))
            while true {
                let next = try await followed.run()
                if next.metadata.name == "second" { break }
                #expect(next.uid == uid)
                #expect(next.spec.desiredState == .paused)
            }
            #expect(try await store.stored("first").spec.desiredState == .paused)
        }
    }

    @Test("that are deleted cancel their run, and make another one when they come back")
    func deleted() async throws {
        let home = try Self.home()
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            let first = try await store.stored("first")
            try home.remove("run.yaml")
            let cancelled = try await followed.run("first")
            #expect(cancelled.uid == first.uid)
            #expect(cancelled.spec.desiredState == .cancelled)
            #expect(cancelled.metadata.generation == 2)

            try home.write("run.yaml", Sample.run())
            var told: [PipelineRun] = []
            while told.count < 2 { told.append(try await followed.run("first")) }
            let old = try #require(told.first { $0.uid == first.uid })
            let new = try #require(told.first { $0.uid != first.uid })
            #expect(old.spec.desiredState == .cancelled)
            #expect(old.metadata.annotations[PipelineRun.archivedAnnotation] == "true")
            #expect(new.spec.desiredState == .running)
            #expect(try await store.stored("first").uid == new.uid)
            #expect(try await store.run(uid: first.uid)?.uid == first.uid)
            #expect(try await store.reader.runs().map(\.uid) == [new.uid, first.uid])
        }
    }

    @Test("deleted while no controller ran cancel their run too; those of another folder's stay")
    func deletedMeanwhile() async throws {
        let home = try Self.home()
        try home.write("gone.yaml", Sample.run("gone"))
        try await withStore(home) { _, followed in _ = try await followed.next() }
        try home.remove("gone.yaml")
        let elsewhere = home.path + "/elsewhere.yaml"
        try TestHome.write(elsewhere, Sample.pipeline("other"))
        try await withStore(home, paths: [elsewhere]) { store, _ in
            let gone = try await store.stored("gone")
            #expect(gone.spec.desiredState == .cancelled)
            #expect(try await store.stored("first").spec.desiredState == .running)
            #expect(try await store.reader.pipelines().map(\.metadata.name) == ["other"])
        }
        try await withStore(home) { store, _ in
            let pipelines = try await store.reader.pipelines()
            #expect(pipelines.map(\.metadata.name) == ["ci"])
            #expect(try await store.stored("first").spec.desiredState == .running)
        }
    }

    @Test("change a run by its verbs alone; anything else is refused until it is put back")
    func specChange() async throws {
        let home = try Self.home()
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            try home.write("run.yaml", Sample.run("first", "params: [{name: a, value: b}]"))
            let changed = try await followed.run()
            #expect(changed.metadata.annotations[PipelineRun.specChangedAnnotation] == "true")
            #expect(changed.spec.params.isEmpty)
            #expect(changed.metadata.generation == 1)
            let problems = try await followed.problems()
            #expect(problems.contains { $0.hasPrefix("run.yaml:6:3: error: spec: only `desiredState`") }, "\(problems)")

            try home.write("run.yaml", Sample.run("first", "desiredState: Cancelled"))
            let back = try await followed.run()
            #expect(back.metadata.annotations[PipelineRun.specChangedAnnotation] == nil)
            #expect(back.spec.desiredState == .cancelled)
            #expect(back.metadata.generation == 2)
        }
    }

    @Test("of pipelines are told when they change, are deleted and come back")
    func pipelines() async throws {
        let home = try Self.home()
        try await withStore(home) { _, followed in
            guard case .listed(_, let pipelines) = try await followed.next() else { return }
            let uid = pipelines.first?.metadata.uid
            try home.save("ci.yaml", Sample.pipeline(script: "echo bye"))
            guard case .pipeline(let changed) = try await followed.next() else {
                Issue.record("not told")
                return
            }
            #expect(changed.metadata.generation == 2)
            #expect(changed.spec.stages.first?.run == "echo bye")
            try home.remove("ci.yaml")
            #expect(try await followed.next() == .pipelineGone(name: "ci", namespace: nil))
            try home.write("ci.yaml", Sample.pipeline())
            guard case .pipeline(let back) = try await followed.next() else {
                Issue.record("not told")
                return
            }
            #expect(back.metadata.generation == 3)
            #expect(back.metadata.uid == uid)
        }
    }

    @Test("with mistakes are reported with their place, and leave the last good version in force")
    func mistakes() async throws {
        let home = try Self.home()
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            try home.write("ci.yaml", Sample.pipeline() + "  stagse: []\n")
            #expect(try await followed.problems().first?.hasPrefix("ci.yaml:10:3: error: ") == true)
            try home.write("run.yaml", "kind: [")
            #expect(try await followed.problems().first?.hasPrefix("run.yaml:") == true)
            #expect(try await store.reader.pipelines().map(\.metadata.generation) == [1])
            #expect(try await store.stored("first").spec.desiredState == .running)
            // The pipeline says so itself.
            guard case .pipeline(let pipeline) = try await followed.next() else {
                Issue.record("not told")
                return
            }
            let ready = try #require(pipeline.status.conditions[Condition.ready])
            #expect(ready.status == .false)
            #expect(ready.message.hasPrefix("the version before this mistake holds: "), "\(ready.message)")
            #expect(ready.message.contains("ci.yaml:10:3: error: "), "\(ready.message)")
            // Nothing came of the other: the next that is told is what was mended.
            try home.write("run.yaml", Sample.run("first", "desiredState: Paused"))
            #expect(try await followed.run().spec.desiredState == .paused)
            try home.write("ci.yaml", Sample.pipeline())
            guard case .pipeline(let mended) = try await followed.next() else {
                Issue.record("not told")
                return
            }
            #expect(mended.status.conditions.isEmpty)
            #expect(mended.metadata.generation == 1)
        }
        // At a start the same: the file is wrong, and what it said before holds.
        try home.write("ci.yaml", Sample.pipeline() + "  stagse: []\n")
        try await withStore(home, strictly: false) { store, _ in
            let pipeline = try #require(try await store.reader.pipelines().first)
            #expect(pipeline.status.conditions[Condition.ready]?.status == .false)
        }
        // The same at a start: what can't be understood has not been deleted.
        try home.write("run.yaml", "kind: [")
        try await withStore(home, strictly: false) { store, _ in
            let run = try await store.stored("first")
            #expect(run.spec.desiredState == .paused)
        }
        let strict = try FolderStore(StateFolder.existing(at: home.state), manifests: [home.manifests])
        defer { strict.close() }
        let problems = try strict.load(strictly: true)
        #expect(problems.contains { $0.problem.severity == .error })
    }

    @Test("are not read while somebody writes them")
    func halfWritten() async throws {
        let home = try Self.home()
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            let file = open(home.file("ci.yaml"), O_WRONLY | O_TRUNC | O_CLOEXEC)
            try #require(file >= 0)
            let bytes = Array(Sample.pipeline(script: "echo late").utf8)
            try #require(write(file, bytes, 40) == 40)
            // Events are told in order: this one comes behind the half of the other file.
            try home.write("second.yaml", Sample.run("second"))
            #expect(try await followed.run().metadata.name == "second")
            #expect(try await store.reader.pipelines().map(\.metadata.generation) == [1])
            try bytes.withUnsafeBytes {
                try #require(write(file, $0.baseAddress.map { $0 + 40 }, bytes.count - 40) > 0)
            }
            close(file)
            guard case .pipeline(let changed) = try await followed.next() else {
                Issue.record("not told")
                return
            }
            #expect(changed.spec.stages.first?.run == "echo late")
        }
    }

    @Test("that claim one name are refused but for the first, and the other takes over when that is deleted")
    func duplicates() async throws {
        let home = try Self.home()
        try await withStore(home) { _, followed in
            _ = try await followed.next()
            try home.write("copy.yaml", Sample.pipeline(script: "echo copy"))
            let problem = try #require(try await followed.problems().first)
            #expect(problem.hasPrefix("copy.yaml:4:"), "\(problem)")
            #expect(problem.contains("another Pipeline is also named `ci`"), "\(problem)")
            try home.remove("ci.yaml")
            guard case .pipeline(let copy) = try await followed.next() else {
                Issue.record("not told")
                return
            }
            #expect(copy.spec.stages.first?.run == "echo copy")
        }
    }

    @Test("are seen again when their folder is deleted and made anew, moved away, or linked to elsewhere")
    func folders() async throws {
        let home = try Self.home()
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            TestHome.shell("rm -r \(home.manifests)")
            #expect(try await followed.run().spec.desiredState == .cancelled)
            #expect(
                try await followed.problems().contains { $0.contains("error: this folder is gone, and what was in") })
            TestHome.shell("mkdir \(home.manifests)")
            try home.write("a.yaml", Sample.run("a"))
            _ = try await followed.run("a")

            TestHome.shell("mv \(home.manifests) \(home.path)/away && mkdir \(home.path)/other")
            try TestHome.write(home.path + "/other/b.yaml", Sample.run("b"))
            TestHome.shell("ln -s other \(home.manifests)")
            var seen: [String: PipelineRunSpec.DesiredState] = [:]
            while seen.count < 2 {
                let run = try await followed.run()
                seen[run.metadata.name] = run.spec.desiredState
            }
            #expect(seen == ["a": .cancelled, "b": .running])
        }
    }

    @Test("can be named one by one, before they exist and deep down a path that doesn't")
    func single() async throws {
        let home = try TestHome()
        try home.write("other.yaml", Sample.run("other"))
        let path = home.manifests + "/deep/down/run.yaml"
        try await withStore(home, paths: [path], strictly: false) { store, followed in
            guard case .listed(let runs, _) = try await followed.next() else { return }
            #expect(runs.isEmpty)
            TestHome.shell("mkdir -p \(home.manifests)/deep/down")
            try TestHome.write(home.manifests + "/deep/down/not-this.yaml", Sample.run("not-this"))
            try TestHome.write(path, Sample.run())
            #expect(try await followed.run().metadata.name == "first")
            #expect(try await store.reader.runs().count == 1)
        }
    }

    @Test("that come by the hundred are all there")
    func burst() async throws {
        let home = try Self.home()
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            for number in 0..<300 { try home.write("run-\(number).yaml", Sample.run("run-\(number)")) }
            var names: Set<String> = []
            while names.count < 300 { names.insert(try await followed.run().metadata.name) }
            #expect(try await store.reader.runs().count == 301)
        }
    }
}
