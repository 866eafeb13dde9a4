import Document
import Execution
import Glibc
import Model
import Testing

/// `martlet run`, and what needs no controller.
@Suite(.serialized, .timeLimit(.minutes(1))) struct RunTests {
    @Test(.enabled(if: Programs.has("pytest", "git"), "pytest is not installed"))
    func aFailedTestIsNamedAndEndsTheRunWithOne() async throws {
        try await withHome { home in
            try await home.tool("cp", "-r", "\(Programs.project)/manifests/samples/greeter", "greeter")
            try home.write("def test_that_is_wrong():\n    assert 1 == 2\n", to: "greeter/tests/test_wrong.py")
            try await home.commit("greeter")
            try home.write(
                Manifest.pipeline(
                    "greeter", [Stage("test"), Stage("deploy", needs: ["test"], script: home.enter)],
                    finally: [Stage("report", script: home.enter)]),
                to: "pipeline.yaml")
            let run = try await home.martlet("run", "pipeline.yaml", "--source", "greeter")
            #expect(run.code == 1)
            // The closing table comes after an empty line.
            let closing = run.output.split(separator: "\n\n").last.map(String.init) ?? ""
            let lines = closing.split(separator: "\n").map(String.init)
            #expect(
                lines.contains { $0.contains("test ") && $0.contains("Failed") && $0.contains("test_that_is_wrong") })
            #expect(lines.contains { $0.contains("deploy") && $0.contains("Skipped") })
            #expect(lines.last?.hasPrefix("Failed after ") == true)
            #expect(try home.ledger.map(\.stage) == ["report"])
        }
    }

    @Test func aRunThatHasEndedDoesNotSeemToRunAgainAndDoesWhereItIsAskedTo() async throws {
        try await withHome { home in
            let pipeline = Manifest.pipeline("app", [Stage("check", script: "test -e \(home.path)/ok")])
            func manifest(_ rerunCount: Int) -> String {
                """
                \(pipeline)
                ---
                apiVersion: martlet.dev/v1alpha1
                kind: PipelineRun
                metadata: {name: first}
                spec:
                  pipelineRef: {name: app}
                  rerunCount: \(rerunCount)
                """
            }
            try home.write(manifest(0), to: "app.yaml")
            #expect(try await home.martlet("run", "app.yaml").output.contains("first            Started"))
            let again = try await home.martlet("run", "app.yaml")
            #expect(again.code == 1)
            #expect(!again.output.contains("Started"))
            #expect(again.output.contains("`check` failed"))
            #expect(again.errors.contains("first has ended before (Failed)"))
            #expect(again.errors.contains("`martlet rerun first`"))
            try home.write("", to: "ok")
            try home.write(manifest(1), to: "app.yaml")
            let rerun = try await home.martlet("run", "app.yaml")
            #expect(rerun.code == 0)
            #expect(rerun.output.contains("Succeeded"))
            #expect(!rerun.errors.contains("ended before"))
            #expect(try await home.martlet("run", "app.yaml").errors.contains("give it another name"))
        }
    }

    @Test func `a rerun that was asked for meanwhile is waited for`() async throws {
        try await withHome { home in
            try home.write(
                Manifest.pipeline("app", [Stage("check", script: "test -e \(home.path)/ok")]), to: "app.yaml")
            let first = try await home.martlet("run", "app.yaml")
            #expect(first.code == 1)
            let words = first.output.split(whereSeparator: \.isWhitespace)
            let failed = String(try #require(words.first { $0.hasPrefix("app-") }))
            #expect(try await home.martlet("rerun", failed).code == 0)
            try home.write("", to: "ok")
            let again = try await home.martlet("run", "app.yaml")
            #expect(again.code == 0)
            #expect(again.output.contains("\(failed)  check     Running, attempt 2"))
            #expect(try await home.look(at: failed)?.status.succeeded?.status == .true)
        }
    }

    @Test func mistakesAreShownWhereTheyAre() async throws {
        try await withHome { home in
            let text = Manifest.pipeline("bad", [Stage("a", "neds: [b]", script: "true")])
            try home.write(text, to: "bad.yaml")
            for (command, code) in [("run", 2), ("validate", 1)] as [(String, Int32)] {
                let ending = try await home.martlet(command, "bad.yaml")
                #expect(ending.code == code)
                #expect(
                    (ending.output + ending.errors).contains(
                        "bad.yaml:8:7: error: spec.stages[0].neds: unknown field `neds` (did you mean `needs`?)"))
            }
            #expect(try home.read("bad.yaml") == text)
        }
    }

    @Test func aNoteFailsWhereOneAsksForThat() async throws {
        try await withHome { home in
            let text = Manifest.run("app", [Stage("a", script: "true")], "triggers: [{push: {}}]")
            try home.write(text, to: "app.yaml")
            for (arguments, code, sign) in [([], 0, "✓"), (["--strict"], 1, "✗")] as [([String], Int32, String)] {
                let ending = try await home.start(Programs.martlet, ["validate", "app.yaml"] + arguments).finish()
                #expect(ending.code == code)
                #expect(ending.output.contains(": note: "))
                #expect(ending.output.contains("\(sign) 1 file, 0 pipelines, 1 run: no errors, 1 note\n"))
            }
        }
    }

    @Test func samplesAreValid() async throws {
        try await withHome { home in
            let ending = try await home.martlet("validate", "\(Programs.project)/manifests/samples")
            #expect(ending.code == 0)
            #expect(ending.output.contains("no errors"))
            #expect(!ending.output.contains("warning"))
            let json = try await home.martlet("validate", "\(Programs.project)/manifests/samples", "-o", "json")
            #expect(try parseJSON(json.output)["problems"]?.array?.isEmpty == true)
        }
    }

    @Test func aControllerThatCannotWorkEndsTheRunWithTheReason() async throws {
        try await withHome { home in
            try home.write(Manifest.pipeline("one", [Stage("a", script: home.enter)]), to: "one.yaml")
            let ending = try await home.martlet(
                "run", "one.yaml", "--kafka", "127.0.0.1:1", "--kafka-property", "security.protocol=ssl",
                "--kafka-property", "ssl.ca.location=/no/such/file")
            #expect(ending.code != 0)
            #expect(ending.errors.contains("ssl.ca.location"), "\(ending.errors)")
        }
    }

    @Test func aSelectorThatNoAgentCanMatchFailsAtOnce() async throws {
        try await withHome { home in
            try home.write(
                Manifest.pipeline(
                    "gpu", [Stage("train", "agentSelector: {gpu: a100}", script: home.enter)]), to: "gpu.yaml")
            let refused = try await home.martlet("run", "gpu.yaml")
            #expect(refused.code == 1)
            #expect(refused.errors.contains("no agent can take stage `train`"))
            #expect(refused.errors.contains("--label gpu=a100"))
            #expect(try home.ledger.isEmpty)
            #expect(try await home.martlet("run", "gpu.yaml", "--label", "gpu=a100").code == 0)
            #expect(try home.ledger.count == 1)
        }
    }

    @Test func branchTagAndCommitAreCheckedOutExactly() async throws {
        try await withHome { home in
            try home.write("1\n", to: "repository/version")
            try await home.commit("repository")
            try await home.tool("git", "-C", "repository", "tag", "v1")
            let first = try await home.head(of: "repository")
            try await home.tool("git", "-C", "repository", "checkout", "-q", "-b", "next")
            try home.write("2\n", to: "repository/version")
            try await home.commit("repository")
            let second = try await home.head(of: "repository")
            try await home.tool("git", "-C", "repository", "checkout", "-q", "main")
            let script =
                #"echo "version=$(cat version)" >> "$MARTLET_RESULTS"; [[ $(git rev-parse HEAD) == "$MARTLET_REVISION" ]]"#
            try home.write(Manifest.pipeline("look", [Stage("look", script: script)]), to: "look.yaml")
            let cases = [
                (nil, first, "1"), ("next", second, "2"), ("v1", first, "1"), (second, second, "2"),
                ("refs/heads/next", second, "2"),
            ]
            for (revision, commit, version) in cases {
                let flags = revision.map { ["--revision", $0] } ?? []
                let child = try home.start(
                    Programs.martlet, ["run", "look.yaml", "--source", "repository", "-o", "json"] + flags)
                let ending = try await child.finish()
                #expect(ending.code == 0, "\(ending)")
                let status = try #require(try parseJSON(ending.output)["items"]?.array?.last?["status"])
                #expect(status["source"]?["revision"]?.string == commit, "\(revision ?? "HEAD")")
                #expect(status["stages"]?.array?.first?["results"]?.array?.first?["value"]?.string == version)
            }
        }
    }

    @Test func aMissingRevisionIsSaid() async throws {
        try await withHome { home in
            try home.write("1\n", to: "repository/version")
            try await home.commit("repository")
            try home.write(Manifest.pipeline("look", [Stage("look", script: home.enter)]), to: "look.yaml")
            for revision in ["nowhere", String(repeating: "a1", count: 20)] {
                let ending = try await home.martlet(
                    "run", "look.yaml", "--source", "repository", "--revision", revision)
                #expect(ending.code == 1)
                #expect(ending.output.contains("has no branch, tag or commit `\(revision)`"), "\(ending)")
            }
            #expect(try home.ledger.isEmpty)
        }
    }

    @Test func logsOutliveTheProcess() async throws {
        try await withHome { home in
            let stages = [
                Stage("greet", script: "echo 'Grüße'; echo 'to stderr' >&2"),
                Stage("count", needs: ["greet"], script: "seq 1 300"),
            ]
            try home.write(Manifest.run("talk", stages), to: "talk.yaml")
            #expect(try await home.martlet("run", "talk.yaml").code == 0)
            let greet = try await home.martlet("logs", "talk", "greet")
            #expect(greet.output.contains("Grüße\n"))
            #expect(greet.output.contains("to stderr\n"))
            let count = try await home.martlet("logs", "talk", "count").output.split(separator: "\n")
            #expect(Array(count.suffix(300)) == (1...300).map { "\($0)" })
            for line in try await home.martlet("logs", "talk", "-o", "json").output.split(separator: "\n") {
                #expect(throws: Never.self) { try parseJSON(String(line)) }
            }
            // Followed after its end, it ends.
            #expect(try await home.martlet("logs", "--follow", "talk", "greet").output == greet.output)
        }
    }

    @Test func whatIsPrintedAsJSONIsJSON() async throws {
        try await withHome { home in
            try home.write(Manifest.pipeline("hello", [Stage("a", script: "true")]), to: "manifests/hello.yaml")
            let run = try await home.martlet("run", "manifests/hello.yaml", "-o", "json")
            #expect(run.code == 0)
            let name = try #require(
                try parseJSON(run.output)["items"]?.array?.first?["metadata"]?["name"]?.string)
            let runs = try parseJSON(try await home.martlet("get", "runs", "-o", "json").output)
            #expect(runs["items"]?.array?.first?["metadata"]?["name"]?.string == name)
            let described = try parseJSON(try await home.martlet("describe", name, "-o", "json").output)
            #expect(described["status"]?["progress"]?.string == "1/1")
            let pipelines = try parseJSON(try await home.martlet("get", "pipelines", "-o", "json").output)
            #expect(pipelines["items"]?.array?.first?["metadata"]?["name"]?.string == "hello")
            let config = try await home.martlet("config", "-o", "json")
            #expect(throws: Never.self) { try parseJSON(config.output) }
        }
    }

    @Test func aSecondControllerIsKeptOut() async throws {
        try await withHome { home in
            try home.write(
                Manifest.run("long", [Stage("a", script: "\(home.enter)\n\(try home.wait(at: "gate"))")]),
                to: "long.yaml")
            let first = try home.start("run", "long.yaml")
            try await home.began("a")
            for arguments in [["controller", "--manifests", "."], ["run", "long.yaml"]] {
                let second = try await home.start(Programs.martlet, arguments).finish()
                #expect(second.code == 1)
                #expect(second.errors.contains("process \(first.id) is the controller of this folder"), "\(second)")
            }
            try home.release("gate")
            #expect(try await first.finish().code == 0)
            #expect(try home.ledger.count == 1)
        }
    }
}

extension Home {
    /// Makes a folder a repository, or commits what has changed in it.
    func commit(_ folder: String) async throws {
        if !FileSystem.exists("\(path)/\(folder)/.git") { try await tool("git", "init", "-q", "-b", "main", folder) }
        try await tool("git", "-C", folder, "add", ".")
        try await tool(
            "git", "-C", folder, "-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "-m",
            "Change")
    }

    func head(of folder: String) async throws -> String {
        try await tool("git", "-C", folder, "rev-parse", "HEAD").trimmed
    }
}

extension String {
    var trimmed: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
