import Document
import Execution
import Glibc
import HTTPClient
import Model
import Testing

/// A folder of manifests that a controller follows.
@Suite(.serialized, .timeLimit(.minutes(1))) struct FolderTests {
    @Test func aSaveByRenameKeepsTheRunAndADeletionCancelsIt() async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            let text = Manifest.run(
                "work",
                [
                    Stage("first", script: "\(home.enter)\n\(try home.wait(at: "first"))"),
                    Stage(
                        "second", needs: ["first"],
                        script: "\(pulse.script)\n\(home.enter)\n\(try home.wait(at: "never"))"),
                ])
            try home.write(text, to: "manifests/work.yaml")
            let controller = try await home.controller("--agent", "shell", "--log-format", "json")
            try await home.began("first")
            let before = try #require(await home.look(at: "work"))

            // As editors save: another file takes the name.
            try home.write("# Saved again.\n" + text, to: "manifests/.work.yaml.new")
            try #require(rename("\(home.path)/manifests/.work.yaml.new", "\(home.path)/manifests/work.yaml") == 0)
            try home.release("first")
            try await home.began("second")
            let after = try #require(await home.look(at: "work"))
            #expect(after.uid == before.uid)
            #expect(try home.attempts(of: "first") == [1])
            #expect(try home.read("manifests/work.yaml") == "# Saved again.\n" + text)

            try #require(unlink("\(home.path)/manifests/work.yaml") == 0)
            let line = try parseJSON(Array(try await controller.errors.line("is being stopped").utf8))
            #expect((line["run"]?.string, line["stage"]?.string, line["attempt"]?.string) == ("work", "second", "1"))
            try await pulse.feed.ended()
            let ended = try await home.run("work")
            #expect(ended.uid == before.uid)
            #expect(ended.status.succeeded?.reason == Reason.cancelled)
            #expect(ended.status.stages.map(\.state) == [.succeeded, .cancelled])
            #expect(FileSystem.names(in: "\(home.path)/manifests") == [])
            controller.send(SIGTERM)
            #expect(try await controller.finish().code == 0)
        }
    }

    @Test func aLineAboutAStageThatNobodyCanTakeNamesItsRun() async throws {
        try await withHome { home in
            try home.write(Manifest.run("work", [Stage("train", "agent: gpu")]), to: "manifests/work.yaml")
            let controller = try await home.controller("--agent", "shell", "--log-format", "json")
            let line = try parseJSON(Array(try await controller.errors.line("no agent offers").utf8))
            #expect((line["run"]?.string, line["stage"]?.string) == ("work", "train"))
        }
    }

    @Test func aSecondSignalEndsAControllerWhoseAgentIsStillAtWork() async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            let script = "\(pulse.script)\n\(home.enter)\n\(try home.wait(at: "never"))"
            try home.write(Manifest.run("work", [Stage("a", script: script)]), to: "manifests/work.yaml")
            let controller = try await home.controller(
                "--agent", "shell", "--grace-seconds", "600", "--listen", "127.0.0.1:0")
            let line = try await controller.errors.line("listening on http://")
            let address = try #require(line.split(separator: " ").last)
            let http = try HTTPClient(HTTPClientSettings(proxy: .none))
            func readiness() async throws -> Int {
                try await http.send(HTTPRequest("GET", "\(address)/readyz")).status
            }
            try await home.began("a")
            #expect(try await readiness() == 200)
            controller.send(SIGTERM)
            while try await readiness() != 503 { await Task.yield() }
            #expect(controller.isAlive)
            controller.send(SIGTERM)
            #expect(try await controller.finish().code == 130)
            // What it had begun ends with it.
            try await pulse.feed.ended()
            await http.close()
        }
    }

    @Test func filesAreNeverChanged() async throws {
        try await withHome { home in
            let text = "# A comment, and odd   spacing.\n" + Manifest.run("work", [Stage("a", script: home.enter)])
            try home.write(text, to: "manifests/work.yaml")
            let before = try home.identity(of: "manifests/work.yaml")
            _ = try await home.controller("--agent", "shell")
            try await home.run("work")
            for verb in ["rerun", "pause", "cancel"] { _ = try await home.martlet(verb, "work") }
            #expect(try home.read("manifests/work.yaml") == text)
            #expect(try home.identity(of: "manifests/work.yaml") == before)
            #expect(FileSystem.names(in: "\(home.path)/manifests") == ["work.yaml"])
        }
    }

    @Test func aPipelineThatComesLaterIsWaitedFor() async throws {
        try await withHome { home in
            let run = """
                apiVersion: martlet.dev/v1alpha1
                kind: PipelineRun
                metadata: {name: hello-1}
                spec: {pipelineRef: {name: hello}}
                """
            try home.write(run, to: "manifests/run.yaml")
            _ = try await home.controller("--agent", "shell")
            try await home.run("hello-1") { $0.status.succeeded?.reason == Reason.pipelineNotFound }
            try home.write(
                Manifest.pipeline("hello", [Stage("a", script: home.enter)]), to: "manifests/pipeline.yaml")
            let ended = try await home.run("hello-1")
            #expect(ended.status.succeeded?.status == .true)
            let started = try await home.martlet("start", "hello")
            #expect(started.code == 0)
            let name = started.output.trimmed
            #expect(try await home.run(name).status.succeeded?.status == .true)
            #expect(try home.ledger.count == 2)

            // What is started of a file that can't be read is of its last version that could, and that is said.
            #expect(!started.errors.contains("pipeline hello"))
            try home.write("spec: [", to: "manifests/pipeline.yaml")
            while try await !home.martlet("get", "pipelines").output.contains("False") { await Task.yield() }
            let again = try await home.martlet("start", "hello")
            #expect(again.code == 0)
            #expect(again.errors.contains("pipeline hello: the version before this mistake holds: "))
            #expect(try await home.run(again.output.trimmed).status.succeeded?.status == .true)
        }
    }

    @Test func anEndedRunBeyondItsPipelinesLimitGoesWithItsOutputAndItsFileMakesNoOther() async throws {
        try await withHome { home in
            let run = """
                apiVersion: martlet.dev/v1alpha1
                kind: PipelineRun
                metadata: {name: hello-1}
                spec: {pipelineRef: {name: hello}}
                """
            try home.write(run, to: "manifests/run.yaml")
            try home.write(
                Manifest.pipeline(
                    "hello", [Stage("a", script: "\(home.enter)\necho some output")], "successfulRunsHistoryLimit: 1"),
                to: "manifests/pipeline.yaml")
            let controller = try await home.controller("--agent", "shell")
            let first = try await home.run("hello-1")
            let second = try await home.martlet("start", "hello").output.trimmed
            try await home.run(second)
            try await home.gone("hello-1")
            try await home.outputGone(of: first.uid)
            #expect(try await home.look(at: second) != nil)
            controller.send(SIGTERM)
            #expect(try await controller.finish().code == 0)

            let next = try await home.controller("--agent", "shell")
            let third = try await home.martlet("start", "hello").output.trimmed
            try await home.run(third)
            try await home.gone(second)
            #expect(try home.ledger.count == 3)
            #expect(try await home.look(at: "hello-1") == nil)
            #expect(try home.read("manifests/run.yaml") == run)
            next.send(SIGTERM)
            #expect(try await next.finish().code == 0)
            let again = try await home.martlet("run", "manifests")
            #expect(again.code == 2)
            #expect(again.errors.contains("run hello-1 has ended and was deleted since"))
        }
    }

    @Test func aStageThatNoAgentCanTakeSaysWhyAndWaits() async throws {
        try await withHome { home in
            try home.write(
                Manifest.run("gpu", [Stage("train", "agentSelector: {gpu: a100}", script: home.enter)]),
                to: "manifests/gpu.yaml")
            _ = try await home.controller("--agent", "shell")
            let waiting = try await home.run("gpu") {
                $0.status[stage: "train"]?.message?.contains("gpu=a100") == true
            }
            #expect(waiting.status[stage: "train"]?.state == .queued)
            _ = try home.start("agent", "--kind", "shell", "--agent-id", "big", "--label", "gpu=a100")
            let ended = try await home.run("gpu")
            #expect(ended.status[stage: "train"]?.agent == "big")
        }
    }
}

extension Home {
    /// Which file it is, and when it was last changed.
    func identity(of name: String) throws -> [Int] {
        var status = stat()
        try #require(stat("\(path)/\(name)", &status) == 0)
        return [Int(status.st_ino), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec), Int(status.st_mode)]
    }
}
