import Controller
import Model
import Stores
import Testing

@Suite("Runs that are deleted", .timeLimit(.minutes(1)))
struct DeletionTests {
    @Test("are gone with their status, and everyone who follows is told; an older version deletes nothing")
    func deleted() async throws {
        try await withStore(try TestHome(), paths: []) { store, followed in
            _ = try await followed.next()
            let kept = try await store.verbs.create(Sample.inline("kept"))
            let seen = try await store.verbs.create(Sample.inline("ended"))
            let ended = try await store.finish(seen)
            #expect(await store.delete(RunReference(seen)) == .conflict)
            #expect(await store.delete(RunReference(ended)) == .deleted)
            #expect(await store.delete(RunReference(ended)) == .gone)
            #expect(try await followed.run().uid == kept.uid)
            #expect(try await followed.run().uid == ended.uid)
            #expect(try await followed.next() == .runGone(uid: ended.uid))
            #expect(try await store.run(uid: ended.uid) == nil)
            #expect(try await store.reader.runs().map(\.uid) == [kept.uid])
            #expect(await store.write([StatusWrite(ended, ended.status)]) == [.gone])
        }
    }

    @Test("stay when a rerun was asked for in the meantime")
    func rerun() async throws {
        try await withStore(try TestHome(), paths: []) { store, _ in
            let ended = try await store.finish(try await store.verbs.create(Sample.inline("ended")))
            try await FolderVerbs(store.folder).rerun("ended")
            #expect(await store.delete(RunReference(ended)) == .conflict)
            #expect(try await store.stored("ended").spec.rerunCount == 1)
        }
    }

    /// What becomes of a run's file after the run was deleted, and whether that makes a run.
    struct FileCase: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var text: String?
        var makesRun: Bool

        init(_ description: String, _ text: String?, makesRun: Bool) {
            testDescription = description
            self.text = text
            self.makesRun = makesRun
        }
    }

    @Test(
        "are not made anew by the file that asked for them, until it asks for something else",
        arguments: [
            FileCase("the file as it was", Sample.run(), makesRun: false),
            FileCase("the file with another layout", "# again\n" + Sample.run(), makesRun: false),
            FileCase(
                "a verb that changes nothing about a run that is gone", Sample.run("first", "desiredState: Cancelled"),
                makesRun: false),
            FileCase("a rerun asked for", Sample.run("first", "rerunCount: 1"), makesRun: true),
            FileCase("another spec", Sample.run("first", "priority: 7"), makesRun: true),
            FileCase("the file deleted and written again", nil, makesRun: true),
        ])
    func files(_ example: FileCase) async throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try home.write("run.yaml", Sample.run())
        let uid = try await Self.deleteFirst(in: home)
        // While a controller runs, and at its start: the same.
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            #expect(try await store.reader.runs().isEmpty)
            try home.save("run.yaml", example.text ?? "")
            if example.text == nil {
                try home.remove("run.yaml")
                try await Self.told("between", in: home, &followed)
                try home.write("run.yaml", Sample.run())
            }
            if example.makesRun {
                #expect(try await followed.run("first").uid != uid)
            } else {
                try await Self.told("after", in: home, &followed)
            }
            let names = try await store.reader.runs().map(\.metadata.name)
            #expect(names.contains("first") == example.makesRun)
        }
        try await withStore(home) { store, _ in
            let names = try await store.reader.runs().map(\.metadata.name)
            #expect(names.contains("first") == example.makesRun)
        }
    }

    @Test("are made anew when their file goes while no controller runs, and comes back later")
    func goneMeanwhile() async throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try home.write("run.yaml", Sample.run())
        let uid = try await Self.deleteFirst(in: home)
        try home.remove("run.yaml")
        try await withStore(home) { store, followed in
            _ = try await followed.next()
            #expect(try await store.reader.runs().isEmpty)
            try home.write("run.yaml", Sample.run())
            #expect(try await followed.run("first").uid != uid)
        }
    }

    @Test("keep their tombstone while their file can't be understood, and when it is moved")
    func unclear() async throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try home.write("run.yaml", Sample.run())
        try await Self.deleteFirst(in: home)
        try home.write("run.yaml", "kind: [")
        try await withStore(home, strictly: false) { _, followed in
            _ = try await followed.next()
            try home.write("moved.yaml", Sample.run())
            try await Self.told("between", in: home, &followed)
            try home.remove("run.yaml")
            try await Self.told("after", in: home, &followed)
        }
        try await withStore(home) { store, _ in
            let names = try await store.reader.runs().map(\.metadata.name)
            #expect(names.sorted() == ["after", "between"])
        }
    }

    @Test("give their name to a run that a command makes")
    func named() async throws {
        let home = try TestHome()
        try home.write("ci.yaml", Sample.pipeline())
        try home.write("run.yaml", Sample.run())
        try await Self.deleteFirst(in: home)
        try await withStore(home) { store, _ in
            let run = try await store.verbs.create(Sample.inline("first"))
            #expect(run.metadata.name == "first")
        }
        try await withStore(home) { store, _ in
            let run = try await store.stored("first")
            #expect(run.spec.pipelineSpec != nil)
        }
    }

    /// Has the run of `run.yaml` end and be deleted.
    @discardableResult
    private static func deleteFirst(in home: TestHome) async throws -> String {
        let (uids, telling) = AsyncStream.makeStream(of: String.self)
        try await withStore(home) { store, _ in
            let ended = try await store.finish(try await store.stored("first"), .succeeded)
            #expect(await store.delete(RunReference(ended)) == .deleted)
            telling.yield(ended.uid)
        }
        telling.finish()
        return try #require(await uids.first { _ in true })
    }

    /// Waits until everything that was written before has been looked at: files are taken up in their order.
    private static func told(_ name: String, in home: TestHome, _ followed: inout Followed) async throws {
        try home.write("\(name).yaml", Sample.run(name))
        #expect(try await followed.run().metadata.name == name)
    }
}

extension RunReference {
    init(_ run: PipelineRun) {
        self.init(
            uid: run.uid, name: run.metadata.name, namespace: run.metadata.namespace,
            resourceVersion: run.metadata.resourceVersion ?? "")
    }
}
