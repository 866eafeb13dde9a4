import AgentProtocol
import Model
import Presentation
import Stores
import Testing

@testable import martlet

@Suite struct HomeTests {
    private static let ended = [
        SeededHome.stage("lint", .succeeded, attempt: 1),
        SeededHome.stage("test", .failed, attempt: 2, instance: "good"),
    ]

    private func output(
        _ seeded: SeededHome, _ run: PipelineRun, _ selection: LogSelection, prefixes: Bool = true
    ) async throws -> String {
        let view = RunView(run)
        var printer = LogPrinter(view, json: false, prefixes: prefixes, colour: false)
        var text = ""
        let reader = try LogReader(home: Home(seeded.settings), name: run.uid, run: run.uid, selection: selection)
        try await reader.read(view) { text += printer.text(of: $0) }
        return text
    }

    @Test func logsAreOfTheLastAttemptAndTheExecutionThatCounts() async throws {
        let seeded = try await SeededHome()
        let run = try await seeded.addRun("greeter-x7k2a", Self.ended, ended: true)
        await seeded.print("first try\n", stage: "test", attempt: 1, of: run)
        await seeded.print("lost\n", stage: "test", attempt: 2, instance: "lost", of: run)
        await seeded.print("\u{1B}]0;title\u{7}counted\n", stage: "test", attempt: 2, instance: "good", of: run)
        await seeded.print("clean\nand tidy", stage: "lint", of: run)
        #expect(try await output(seeded, run, LogSelection()) == "lint │ clean\nlint │ and tidy\ntest │ counted\n")
        #expect(
            try await output(seeded, run, LogSelection(stages: ["test"], attempt: 1), prefixes: false) == "first try\n")
        #expect(
            try await output(seeded, run, LogSelection(stages: ["test"], everyAttempt: true), prefixes: false)
                == "first try\n— attempt 2 —\nlost\ncounted\n")
    }

    /// What following gives; `each` is called with how much that is so far.
    private func followed(
        _ seeded: SeededHome, _ run: PipelineRun, each: (Int) async throws -> Void
    ) async throws -> [String] {
        let reader = try LogReader(home: Home(seeded.settings), name: run.uid, run: run.uid, selection: LogSelection())
        let (texts, received) = AsyncStream.makeStream(of: String.self)
        let following = Task {
            defer { received.finish() }
            try await reader.follow { received.yield($0.chunk.text) }
        }
        var seen: [String] = []
        for await text in texts {
            seen.append(text)
            try await each(seen.count)
        }
        try await following.value
        return seen
    }

    @Test func `output that comes after the run's end is waited for, though nothing of it was there before`()
        async throws
    {
        let seeded = try await SeededHome()
        var last = SeededHome.stage("test", .succeeded, attempt: 2)
        last.startTime = Timestamp(seconds: 5)
        let run = try await seeded.addRun(
            "greeter-x7k2a", [SeededHome.stage("lint", .succeeded, attempt: 1), last], ended: true)
        await seeded.print("one\n", stage: "lint", of: run)
        await seeded.print("first try\n", stage: "test", of: run)
        let seen = try await followed(seeded, run) { count in
            if count == 2 { await seeded.print("second try\n", stage: "test", attempt: 2, of: run) }
        }
        #expect(seen == ["one\n", "first try\n", "second try\n"])
    }

    @Test func followingEndsWithTheRunAndMissesNothing() async throws {
        let seeded = try await SeededHome()
        var stages = [SeededHome.stage("lint", .succeeded, attempt: 1), SeededHome.stage("test", .running, attempt: 1)]
        let run = try await seeded.addRun("greeter-x7k2a", stages, ended: false)
        await seeded.print("one\n", stage: "lint", of: run)
        await seeded.print("two\n", stage: "test", of: run, isLast: false)
        let seen = try await followed(seeded, run) { count in
            guard count == 2 else { return }
            stages[1].state = .succeeded
            _ = try await seeded.write(stages, of: run, ended: true)
            await seeded.print("three\n", stage: "test", number: 1, of: run)
        }
        #expect(seen == ["one\n", "two\n", "three\n"])
    }

    @Test func aRunThatIsNotThereIsAnsweredWithTheNearest() async throws {
        let seeded = try await SeededHome()
        _ = try await seeded.addRun("greeter-x7k2a", Self.ended, ended: true)
        let home = try Home(seeded.settings)
        await #expect(
            throws: CommandFailure("no run `gretter-x` in \(seeded.path) (did you mean `greeter-x7k2a`?)")
        ) { try await home.run("gretter-x") }
        #expect(try await home.run("greeter-x7k2a").metadata.name == "greeter-x7k2a")
    }

    @Test(
        arguments: [
            ("greeter-x7k2b", "greeter-x7k2a"), ("greeter", "greeter-b5n8c"), ("geeter-x", "greeter-x7k2a"),
            ("banana", nil),
            ("", nil),
        ] as [(String, String?)])
    func theNearestRun(_ word: String, _ expected: String?) {
        let names = ["greeter-b5n8c", "greeter-x7k2a", "other-aaaaa"]
        #expect(Home.nearest(to: word, among: names) == expected)
    }

    @Test func shellsCompleteRunNames() async throws {
        let seeded = try await SeededHome()
        _ = try await seeded.addRun("greeter-x7k2a", Self.ended, ended: true)
        _ = try await seeded.addRun("other-aaaaa", Self.ended, ended: true)
        let words = ["martlet", "logs", "--state", seeded.path, "gr"]
        #expect(await RunNames.complete(words, 4, "gr") == ["greeter-x7k2a"])
        #expect(await RunNames.complete(["martlet", "logs", "--state", "/nowhere"], 3, "") == [])
    }

    @Test func aFolderWithoutStateSaysWhatToDo() throws {
        let settings = SettingValues(
            flags: [Settings.state.given("/nowhere/.martlet")], environment: { _ in nil }, dotEnv: nil)
        #expect {
            _ = try Home(settings)
        } throws: { error in
            let failure = CommandFailure(error)
            return failure?.code == 1 && failure?.lines.first?.contains("martlet run PATH") == true
        }
    }
}
