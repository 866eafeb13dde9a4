import AgentProtocol
import Execution
import Glibc
import Model
import Synchronization
import Testing

@testable import Agent

struct WorkExecutorTests {
    /// An executor with its own folder, and the environment of an agent.
    final class Bench: Sendable {
        let folder = TemporaryFolder()
        let channel = FakeChannel()
        let executor: WorkExecutor
        let stop = StopSignal()

        init(_ change: (inout AgentConfiguration) -> Void = { _ in }) {
            var configuration = AgentConfiguration(kinds: ["shell"], id: "a", isInProcess: true)
            configuration.stateFolder = folder.path
            configuration.secretRules = SecretRules(
                ["token", "from-env", "nothing"].compactMap { SecretRules.Rule("\($0)=-/web") })
            configuration.secretsFolder = "\(folder.path)/secrets"
            mkdir("\(folder.path)/secrets", 0o700)
            change(&configuration)
            executor = WorkExecutor(
                configuration,
                environment: [
                    "PATH": "/usr/local/bin:/usr/bin:/bin", "MARTLET_SECRET_FROM_ENV": "environment-value",
                    "HOME": "/root",
                    "KAFKA_PASSWORD": "not-for-scripts",
                ])
        }

        func run(_ number: Int = 1, _ change: (inout StageWork) -> Void) async -> StageOutcome {
            let assignment = assignment(number, change)
            let outcome = await executor.execute(
                assignment, context: StageContext(agent: "a", channel: channel, stop: stop))
            await executor.release(assignment.fence)
            return outcome
        }

        func script(_ text: String, _ change: (inout StageWork) -> Void = { _ in }) async -> StageOutcome {
            await run {
                $0.script = text
                change(&$0)
            }
        }

        var text: String { channel.text(of: fence(1)) }
        var leftovers: [String] { FileSystem.names(in: "\(folder.path)/work") }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let script: String
        let result: StageOutcome.Result
        var message: String?
        var exitCode: Int?
        var output = ""
    }

    @Test(arguments: [
        Case(
            testDescription: "a script that ends well succeeds", script: "echo hello", result: .succeeded,
            output: "hello\n"),
        Case(
            testDescription: "a failure has its code and last line", script: "echo one; echo two >&2; echo; exit 3",
            result: .failed, message: "exit code 3: two", exitCode: 3, output: "one\ntwo\n\n"),
        Case(
            testDescription: "a failure in a pipe counts", script: "false | cat", result: .failed,
            message: "exit code 1",
            exitCode: 1),
        Case(
            testDescription: "a first line names the program", script: "#!/usr/bin/env python3\nprint(6 * 7)",
            result: .succeeded, output: "42\n"),
        Case(
            testDescription: "a signal is named", script: "kill -SEGV $$", result: .failed,
            message: "was ended by signal 11 (SIGSEGV)"),
        Case(
            testDescription: "without a source the workspace is empty", script: "ls -A | wc -l", result: .succeeded,
            output: "0\n"),
        Case(
            testDescription: "the agent's own variables are out of reach",
            script: "echo \"[$KAFKA_PASSWORD$MARTLET_SECRET_FROM_ENV]\"",
            result: .succeeded, output: "[]\n"),
        Case(
            testDescription: "the fence tells attempts apart", script: "echo $MARTLET_FENCE", result: .succeeded,
            output: "run/s1/1\n"),
        Case(
            testDescription: "there is a cache", script: "touch $MARTLET_CACHE/x && echo done", result: .succeeded,
            output: "done\n"),
    ])
    func scripts(_ example: Case) async {
        let bench = Bench()
        let outcome = await bench.script(example.script)
        #expect(outcome.result == example.result)
        #expect(outcome.message == example.message)
        #expect(outcome.exitCode == example.exitCode)
        let shown = bench.text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("▸") }
        #expect(shown.joined(separator: "\n") == example.output)
        #expect(bench.leftovers == [])
        #expect(outcome.startTime != nil && outcome.completionTime != nil)
        await bench.folder.remove()
    }

    @Test func `results are read, and what is wrong with them is said`() async {
        let bench = Bench()
        let outcome = await bench.script("echo image=a@b >> $MARTLET_RESULTS; echo nonsense >> $MARTLET_RESULTS")
        #expect(outcome.results == [Param(name: "image", value: "a@b")])
        #expect(bench.text.contains("▸ warning: line 2"))
        await bench.folder.remove()
    }

    @Test func `the time limit is said`() async {
        let bench = Bench()
        let outcome = await bench.script("echo start; sleep 60") { $0.timeoutSeconds = 1 }
        #expect(outcome.result == .timedOut)
        #expect(outcome.reason == Reason.timeout)
        #expect(outcome.message == "the stage had not ended after its limit of 1 s (timeoutSeconds)")
        await bench.folder.remove()
    }

    @Test func `a stop lets a script clean up`() async {
        let bench = Bench()
        async let end = bench.script("trap 'echo cleaning; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
        await bench.channel.until { $0.text(of: fence(1)).contains("ready") }
        bench.stop.request(.terminate(grace: .seconds(20)))
        let outcome = await end
        #expect(outcome.result == .cancelled)
        #expect(bench.text.contains("cleaning"))
        await bench.folder.remove()
    }

    @Test func `a script that ignores a stop is killed after the grace, with all it has started`() async throws {
        let bench = Bench()
        async let end = bench.script(
            "trap '' TERM; (trap '' TERM; setsid sleep 1000 & echo child $! ; wait) & wait")
        await bench.channel.until { $0.text(of: fence(1)).contains("child") }
        let began = ContinuousClock.now
        bench.stop.request(.terminate(grace: .milliseconds(300)))
        let outcome = await end
        #expect(outcome.result == .cancelled)
        #expect(ContinuousClock.now - began >= .milliseconds(300))
        let line = try #require(bench.text.split(separator: "\n").first { $0.hasPrefix("child") })
        let child = try #require(Int32(line.dropFirst(6)))
        #expect(kill(child, 0) == -1)
        await bench.folder.remove()
    }

    @Test func `a stop that came before the process is not lost`() async {
        let bench = Bench()
        bench.stop.request(.terminate(grace: .seconds(5)))
        let outcome = await bench.script("sleep 60")
        #expect(outcome.result == .cancelled)
        await bench.folder.remove()
    }

    @Test func `secrets are given to the script and hidden everywhere`() async throws {
        let bench = Bench()
        try bench.folder.write("s3cr3t-value\n", to: "secrets/token")
        let outcome = await bench.script(
            """
            echo "token $TOKEN and $(cat $KEY_FILE)" ; echo -n $TOKEN | base64
            echo "other $OTHER"; echo "r=$TOKEN" >> $MARTLET_RESULTS; echo "bad $TOKEN"; exit 4
            """
        ) {
            var token = SecretUse()
            token.name = "token"
            token.env = "TOKEN"
            var file = SecretUse()
            file.name = "token"
            file.file = "KEY_FILE"
            var other = SecretUse()
            other.name = "from-env"
            other.env = "OTHER"
            $0.secrets = [token, file, other]
        }
        #expect(outcome.message == "exit code 4: bad ***")
        #expect(outcome.results == [Param(name: "r", value: "***")])
        #expect(bench.text.contains("token *** and ***\n"))
        #expect(bench.text.contains("other ***\n"))
        for leak in ["s3cr3t", "czNjcjN0", "environment-value"] { #expect(!bench.text.contains(leak)) }
        await bench.folder.remove()
    }

    @Test func `a secret without a rule is said with the rule, and nothing runs`() async {
        let bench = Bench { $0.secretRules = SecretRules() }
        let outcome = await bench.script("echo ran") {
            var use = SecretUse()
            use.name = "token"
            use.env = "X"
            $0.secrets = [use]
        }
        #expect(outcome.result == .failed)
        #expect(outcome.reason == AgentReason.secretNotAllowed)
        #expect(
            outcome.message == "the agent doesn't let this pipeline use the secret `token` "
                + "(start it with --allow-secret token=-/web)")
        #expect(bench.text == "")
        await bench.folder.remove()
    }

    @Test func `a secret that isn't there is said, and nothing runs`() async {
        let bench = Bench()
        let outcome = await bench.script("echo ran") {
            var use = SecretUse()
            use.name = "nothing"
            use.env = "X"
            $0.secrets = [use]
        }
        #expect(outcome.reason == AgentReason.secretUnavailable)
        #expect(
            outcome.message?.hasPrefix("the agent has no secret `nothing` (set its variable MARTLET_SECRET_NOTHING")
                == true)
        #expect(bench.text == "")
        await bench.folder.remove()
    }

    @Test func `a source is checked out at its revision, and remembered`() async throws {
        let bench = Bench()
        let made = await bench.run(9) {
            $0.script = """
                git init -q \(bench.folder.path)/origin && cd \(bench.folder.path)/origin
                git config user.email a@b && git config user.name n
                echo one > file && git add file && git commit -qm one && git rev-parse HEAD | sed 's/^/first=/' >> $MARTLET_RESULTS
                echo two > file && git commit -qam two
                """
        }
        let revision = try #require(made.results.first { $0.name == "first" }?.value)
        let url = "file://\(bench.folder.path)/origin"
        let outcome = await bench.script("cat file; git rev-parse HEAD") {
            $0.source = ResolvedSource(url: url, revision: revision)
        }
        #expect(outcome.result == .succeeded)
        #expect(bench.text.contains("one\n\(revision)\n"))
        #expect(bench.text.contains("▸ git clone"))
        #expect(await bench.executor.cachedRepositories().count == 1)
        #expect(bench.leftovers == [])
        await bench.folder.remove()
    }

    @Test func `a source that can't be had is a failure of its own`() async {
        let bench = Bench()
        let outcome = await bench.script("echo ran") {
            $0.source = ResolvedSource(url: "file:///nowhere/at/all", revision: String(repeating: "a", count: 40))
        }
        #expect(outcome.result == .failed)
        #expect(outcome.reason == Reason.sourceUnavailable)
        #expect(outcome.message?.contains("/nowhere/at/all") == true)
        #expect(!bench.text.contains("ran"))
        await bench.folder.remove()
    }

    @Test func `log chunks are numbered without gaps, bounded, and end with a last one`() async {
        let bench = Bench()
        _ = await bench.script("seq 1 40000")
        let chunks = bench.channel.state.withLock { $0.chunks }
        #expect(chunks.map(\.number) == Array(0..<chunks.count))
        #expect(chunks.allSatisfy { $0.text.utf8.count <= LogChunk.textLimit })
        #expect(chunks.map(\.isLast) == chunks.indices.map { $0 == chunks.count - 1 })
        let lines = bench.text.split(separator: "\n").filter { !$0.hasPrefix("▸") }
        #expect(lines.count == 40000)
        #expect(lines.last == "40000")
        #expect(chunks.count < 60)
        await bench.folder.remove()
    }

    @Test func `chunks keep their order while several threads write`() async {
        let channel = FakeChannel()
        let log = StageLog(assignment(1), context: StageContext(agent: "a", channel: channel), masker: Masker())
        // Each of them leaves no room for the next one in a chunk.
        let line = OutputLine(text: String(repeating: "x", count: LogChunk.textLimit / 2))
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<1000 { await log.write([line]) } }
            }
        }
        log.finish()
        let chunks = channel.state.withLock { $0.chunks }
        #expect(chunks.map(\.number) == Array(0..<chunks.count))
        #expect(chunks.count == 4000)
        #expect(chunks.last?.isLast == true)
    }

    @Test func `where output can't be got rid of, lines are left out and counted`() async {
        let channel = FakeChannel()
        let log = StageLog(
            assignment(1), context: StageContext(agent: "a", channel: channel), masker: Masker(), patience: .zero)
        await log.write([OutputLine(text: "one")])
        channel.change { $0.waitingLogBytes = 1 << 30 }
        await log.write([OutputLine(text: "two"), OutputLine(text: "three")])
        channel.change { $0.waitingLogBytes = 0 }
        await log.write([OutputLine(text: "four")])
        log.finish()
        let chunks = channel.state.withLock { $0.chunks }
        #expect(chunks.map(\.text).joined() == "one\nfour\n")
        #expect(chunks.map(\.dropped).reduce(0, +) == 2)
        #expect(chunks.last?.isLast == true)
    }

    @Test func `what a killed agent left is removed, and what runs is not`() async throws {
        let bench = Bench()
        try FileSystem.makeFolder("\(bench.folder.path)/work/old")
        await bench.executor.prepare()
        async let end = bench.script("echo first; sleep 30")
        await bench.channel.until { $0.text(of: fence(1)).contains("first") }
        await bench.executor.removeLeftovers()
        #expect(bench.leftovers.count == 1)
        #expect(!FileSystem.names(in: bench.folder.path).contains { $0.hasPrefix("left-") })
        bench.stop.request(.kill)
        _ = await end
        await bench.folder.remove()
    }

    @Test func `the first line comes at once`() async {
        let bench = Bench()
        async let end = bench.script("echo first; sleep 30")
        await bench.channel.until { $0.text(of: fence(1)).contains("first") }
        bench.stop.request(.kill)
        let outcome = await end
        #expect(outcome.result == .cancelled)
        await bench.folder.remove()
    }

    @Test func `workspaces stay where that is wanted`() async {
        let bench = Bench { $0.keepsWorkspaces = true }
        _ = await bench.script("touch here")
        #expect(bench.leftovers.count == 1)
        await bench.folder.remove()
    }

    @Test func `a repository's secret is a token, a pair, or a folder of keys`() throws {
        let folder = TemporaryFolder()
        try folder.write("tok\n", to: "token")
        try folder.write("me:pass\n", to: "pair")
        mkdir("\(folder.path)/mounted", 0o700)
        try folder.write("u", to: "mounted/username")
        try folder.write("p\n", to: "mounted/password")
        let store = SecretStore(folder: folder.path, environment: [:])
        #expect(try store.credentials(of: "token") == GitCredentials(password: "tok"))
        #expect(try store.credentials(of: "pair") == GitCredentials(username: "me", password: "pass"))
        #expect(try store.credentials(of: "mounted") == GitCredentials(username: "u", password: "p"))
        #expect(throws: SecretStore.Missing.self) { try store.value(of: "../token") }
        #expect(throws: SecretStore.Missing.self) { try store.value(of: "mounted") }
    }
}
