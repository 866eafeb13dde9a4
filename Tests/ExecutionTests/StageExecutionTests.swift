import Execution
import Glibc
import Synchronization
import Testing

/// An agent's worth of folders, in a folder of the test's own.
struct Stages: Sendable {
    let folder: TestFolder
    let runner: StageRunner

    init(in folder: TestFolder, path: String = testPath) {
        self.folder = folder
        var environment = ["PATH": path]
        environment["HOME"] = getenv("HOME").map { String(cString: $0) }
        environment["AGENT_SECRET"] = "kafka-password"
        runner = StageRunner(
            folder: "\(folder.path)/attempts", mirrors: mirrors(in: folder),
            cache: CacheFolder(parent: "\(folder.path)/cache"), environment: environment)
    }

    /// Runs a stage on a repository that holds those files; without any, on nothing.
    func run(_ job: StageJob, files: [String: String] = [:]) async throws -> (outcome: StageOutcome, lines: [String]) {
        var job = job
        if !files.isEmpty {
            let repository = try await SampleRepository(in: folder)
            for (name, text) in files { try folder.write(text, to: "origin/\(name)") }
            job.source = .init(url: repository.path, commit: try await repository.commit("files", to: "COMMIT"))
        }
        let lines = Mutex<[String]>([])
        let execution = runner.execution(of: job)
        let outcome = await execution.run { batch in
            lines.withLock { $0 += batch.map(\.text) }
        }
        try await execution.cleanUp()
        // Nothing of the attempt is left.
        #expect(FileSystem.names(in: "\(folder.path)/attempts") == [])
        return (outcome, lines.withLock { $0 })
    }

    func run(_ kind: String, with settings: [String: String] = [:], files: [String: String]) async throws
        -> StageOutcome
    {
        var job = StageJob(name: "run/\(kind)/1", kind: kind)
        job.settings = settings
        let (outcome, lines) = try await run(job, files: files)
        if case .broken = outcome.ending { Issue.record("\(outcome.message)\n\(lines.joined(separator: "\n"))") }
        return outcome
    }
}

@Suite struct StageExecutionTests {
    @Test func `a tool that breaks off says why in its own last words`() async throws {
        try await withFolder { folder in
            try folder.write(
                "#!/bin/sh\necho working\necho 'Error: connection refused' >&2\necho\nexit 125\n",
                to: "bin/buildah", mode: 0o755)
            let outcome = try await Stages(in: folder, path: "\(folder.path)/bin:\(testPath)").run(
                "build", with: ["image": "127.0.0.1:1/app", "tool": "buildah"],
                files: ["Dockerfile": "FROM scratch\n"])
            #expect(outcome.message == "buildah failed: it exited with code 125: Error: connection refused")
        }
    }

    @Test func aScriptRunsInAWorldOfItsOwn() async throws {
        try await withFolder { folder in
            var job = StageJob(
                name: "uid/test/1", kind: "shell",
                script: """
                    echo "$GREETING $TOKEN"
                    echo "[$AGENT_SECRET] $CI $TERM $LANG"
                    [ "$PWD" = "$MARTLET_WORKSPACE" ]
                    [ -z "$(ls -A "$HOME")" ] && [ -z "$(ls -A)" ]
                    cat "$MARTLET_SECRETS/key"
                    echo "version=1.2" >> "$MARTLET_RESULTS"
                    echo "leak=$TOKEN" >> "$MARTLET_RESULTS"
                    mkdir -p deep/er && chmod 500 deep
                    """)
            job.variables = ["GREETING": "hello"]
            job.secretVariables = ["TOKEN": "t0ken-value"]
            job.secretFiles = ["key": Array("file-secret\n".utf8)]
            let (outcome, lines) = try await Stages(in: folder).run(job)
            #expect(outcome.ending == .succeeded, "\(outcome.message)")
            #expect(lines == ["hello ***", "[] true dumb C.UTF-8", "***"])
            #expect(outcome.results == [.init(name: "version", value: "1.2"), .init(name: "leak", value: "***")])
            #expect(outcome.exitCode == 0)
        }
    }

    @Test(arguments: [
        ("a failing command ends it", "false\necho on", Int32(1), [String]()),
        ("a failing pipe does too", "false | true\necho on", 1, []),
        ("its own interpreter", "#!/bin/sh\necho sh\nfalse\necho on\nexit 4", 4, ["sh", "on"]),
        ("Windows' line ends don't matter", "echo a\r\nexit 3\r\n", 3, ["a"]),
    ])
    func scriptsRunAsTheirFirstLineSays(_ name: String, _ text: String, _ code: Int32, _ output: [String]) async throws
    {
        try await withFolder { folder in
            let (outcome, lines) = try await Stages(in: folder).run(StageJob(name: "a", kind: "shell", script: text))
            #expect(outcome.ending == .failed)
            #expect(outcome.exitCode == code)
            #expect(outcome.message == "exited with code \(code)")
            #expect(lines == output)
        }
    }

    @Test func aStageTimesOut() async throws {
        try await withFolder { folder in
            var job = StageJob(name: "a", kind: "shell", script: "while :; do sleep 1000; done")
            job.timeout = .milliseconds(1200)
            let (outcome, _) = try await Stages(in: folder).run(job)
            #expect(outcome.ending == .timedOut)
            #expect(outcome.message == "timed out after 1 s")
        }
    }

    @Test func aStageIsStoppedWithTimeToTidyUp() async throws {
        try await withFolder { folder in
            let job = StageJob(
                name: "a", kind: "shell",
                script: "trap 'echo bye; exit 1' TERM\necho ready\nwhile :; do sleep 0.01; done")
            let stages = Stages(in: folder)
            let execution = stages.runner.execution(of: job)
            let lines = Mutex<[String]>([])
            let outcome = await execution.run { batch in
                lines.withLock { $0 += batch.map(\.text) }
                if batch.contains(where: { $0.text == "ready" }) { execution.stop(grace: .seconds(60)) }
            }
            #expect(outcome.ending == .cancelled)
            // bash may also say that its `sleep` was ended.
            #expect(lines.withLock { $0 }.last == "bye")
        }
    }

    @Test func aStageThatWasStoppedFirstNeverStarts() async throws {
        try await withFolder { folder in
            let stages = Stages(in: folder)
            let job = StageJob(name: "a", kind: "shell", script: "touch \(folder.path)/started")
            let execution = stages.runner.execution(of: job)
            execution.kill()
            #expect(await execution.run { _ in }.ending == .cancelled)
            #expect(!FileSystem.exists("\(folder.path)/started"))
        }
    }

    @Test func aMissingCommitIsNotTheStagesFault() async throws {
        try await withFolder { folder in
            let repository = try await SampleRepository(in: folder)
            _ = try await repository.commit("one")
            var job = StageJob(name: "a", kind: "shell", script: "true")
            job.source = .init(url: repository.path, commit: String(repeating: "2", count: 40))
            let (outcome, _) = try await Stages(in: folder).run(job)
            #expect(outcome.ending == .broken(isRetriable: false))
            #expect(outcome.message.contains("has no branch, tag or commit"))
        }
    }

    @Test func aCacheOutlivesTheAttemptButNotTheTrust() async throws {
        try await withFolder { folder in
            let stages = Stages(in: folder)
            let repository = try await SampleRepository(in: folder)
            let commit = try await repository.commit("one")
            for (trust, found) in [("a", "new"), ("a", "old"), ("b", "new")] {
                var job = StageJob(
                    name: "a", kind: "shell",
                    script: "[ -e $MARTLET_CACHE/x ] && echo old || echo new; touch $MARTLET_CACHE/x")
                job.source = .init(url: repository.path, commit: commit)
                job.trust = trust
                let (outcome, lines) = try await stages.run(job)
                #expect(outcome.ending == .succeeded)
                #expect(lines == [found])
            }
        }
    }

    @Test func cachesAreRemovedUnlessAStageUsesThem() async throws {
        try await withFolder { folder in
            let cache = CacheFolder(parent: "\(folder.path)/cache", limitBytes: 0)
            let url = try GitURL("https://example.com/a")
            let path: String
            do {
                let use = try await cache.use(repository: url, trust: "a")
                path = use.path
                await cache.prune()
                #expect(FileSystem.isFolder(use.path))
            }
            await cache.prune()
            #expect(!FileSystem.exists(path))
        }
    }

    @Test func aKindWithoutAJobNeedsAScript() async throws {
        try await withFolder { folder in
            let (outcome, _) = try await Stages(in: folder).run(StageJob(name: "a", kind: "deploy"))
            #expect(outcome.ending == .failed)
            #expect(outcome.message == "agents of kind `deploy` have no job of their own: the stage needs `run:`")
        }
    }
}
