import Glibc
import Model
import Stores
import Testing

/// What a run does on its way, driven by real processes and commands from others.
@Suite(.serialized, .timeLimit(.minutes(1))) struct FlowTests {
    @Test func controlCCancelsCleanly() async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            let gate = try home.wait(at: "gate")
            try home.write(
                Manifest.run(
                    "work",
                    [
                        Stage("first", script: home.enter),
                        Stage("long", needs: ["first"], script: "\(pulse.script)\n\(home.enter)\n\(gate)"),
                        Stage("after", needs: ["long"], script: home.enter),
                    ], finally: [Stage("tidy", script: home.enter)]),
                to: "work.yaml")
            let child = try home.start("run", "work.yaml")
            try await home.began("long")
            child.send(SIGINT)
            let ending = try await child.finish()
            #expect(ending.code == 1)
            try await pulse.feed.ended()
            let run = try #require(await home.look(at: "work"))
            #expect(run.status.stages.map(\.state) == [.succeeded, .cancelled, .cancelled, .succeeded])
            #expect(run.status.succeeded?.reason == Reason.cancelled)
            #expect(ending.output.contains("Cancelled after"))
            #expect(try home.ledger.map(\.stage) == ["first", "long", "tidy"])
        }
    }

    @Test func aSecondControlCEndsAtOnce() async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            let script = "trap '' TERM\n\(pulse.script)\n\(home.enter)\nwhile :; do sleep 1000; done"
            try home.write(Manifest.run("work", [Stage("stubborn", script: script)]), to: "work.yaml")
            let child = try home.start("run", "work.yaml")
            try await home.began("stubborn")
            child.send(SIGINT)
            try await child.errors.line("Ctrl-C again ends everything at once")
            child.send(SIGINT)
            #expect(try await child.finish().code == 130)
            try await pulse.feed.ended()
        }
    }

    @Test func aStageThatTakesTooLongIsEnded() async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            let script = "\(pulse.script)\n\(home.enter)\n\(try home.wait(at: "never"))"
            try home.write(
                Manifest.run(
                    "slow",
                    [
                        Stage("slow", "timeoutSeconds: 1", script: script),
                        Stage("after", needs: ["slow"], script: home.enter),
                    ]),
                to: "slow.yaml")
            #expect(try await home.martlet("run", "slow.yaml").code == 1)
            try await pulse.feed.ended()
            let run = try #require(await home.look(at: "slow"))
            #expect(run.status[stage: "slow"]?.state == .failed)
            #expect(run.status[stage: "slow"]?.reason == Reason.timeout)
            #expect(run.status[stage: "after"]?.state == .skipped)
        }
    }

    @Test func failuresAreTriedAgainAsOftenAsAskedFor() async throws {
        try await withHome { home in
            try home.write(
                Manifest.run(
                    "flaky",
                    [
                        Stage(
                            "flaky", "retry: {limit: 2, backoffSeconds: 1}",
                            script: "\(home.enter)\n[[ $MARTLET_FENCE == */2 ]]"),
                        Stage(
                            "broken", "retry: {limit: 1, backoffSeconds: 1}", "onFailure: Continue",
                            script: "\(home.enter)\nexit 7"),
                        Stage("after", needs: ["broken"], script: home.enter),
                    ]),
                to: "flaky.yaml")
            let ending = try await home.martlet("run", "flaky.yaml")
            #expect(ending.code == 0, "\(ending)")
            let run = try #require(await home.look(at: "flaky"))
            #expect(run.status.succeeded?.reason == Reason.completedWithFailures)
            #expect(run.status[stage: "flaky"]?.state == .succeeded)
            #expect(run.status[stage: "flaky"]?.failures == 1)
            #expect(run.status[stage: "broken"]?.state == .failed)
            #expect(try home.attempts(of: "flaky") == [1, 2])
            #expect(try home.attempts(of: "broken") == [1, 2])
            #expect(try home.attempts(of: "after") == [1])
        }
    }

    @Test func aMatrixRunsEveryCombinationOnce() async throws {
        try await withHome { home in
            let matrix = """
                matrix: {axes: [{name: os, values: [linux, bsd]}, {name: py, values: ["3.11", "3.12"]}], \
                exclude: [{os: bsd, py: "3.11"}], maxParallel: 2, failFast: Disabled}
                """
            let script = """
                \(home.enter)
                echo "what=$MARTLET_MATRIX_OS-$MARTLET_MATRIX_PY" >> "$MARTLET_RESULTS"
                [[ $MARTLET_MATRIX_OS == linux ]]
                """
            try home.write(
                Manifest.run(
                    "many",
                    [
                        Stage("check", matrix, "onFailure: Continue", script: script),
                        Stage("after", needs: ["check"], script: home.enter),
                    ]),
                to: "many.yaml")
            let ending = try await home.martlet("run", "many.yaml")
            #expect(ending.code == 0)
            #expect(ending.output.contains("check[os=bsd, py=3.12]"))
            let run = try #require(await home.look(at: "many"))
            #expect(run.status.stages.map(\.id) == ["check.0", "check.1", "check.2", "after"])
            #expect(run.status.stages.map(\.state) == [.succeeded, .succeeded, .failed, .succeeded])
            #expect(
                run.status.stages.map { $0.results.first?.value } == ["linux-3.11", "linux-3.12", "bsd-3.12", nil])
            #expect(try home.ledger.map(\.stage).sorted() == ["after", "check.0", "check.1", "check.2"])
        }
    }

    @Test("an approval waits for a person in another process", arguments: [true, false])
    func approval(isApproved: Bool) async throws {
        try await withHome { home in
            try home.write(
                Manifest.run(
                    "release",
                    [
                        Stage("build", script: home.enter),
                        Stage("approve", needs: ["build"], "approval: {message: Release to production?}"),
                        Stage("deploy", needs: ["approve"], script: home.enter),
                    ]),
                to: "release.yaml")
            let child = try home.start("run", "release.yaml")
            try await child.output.line { $0.contains("approve") && $0.contains("Release to production?") }
            #expect(try home.ledger.map(\.stage) == ["build"])
            let flags = isApproved ? [] : ["--reject"]
            let decision = try await home.start(Programs.martlet, ["approve", "release", "approve"] + flags).finish()
            #expect(decision.code == 0, "\(decision)")
            let ending = try await child.finish()
            #expect(ending.code == (isApproved ? 0 : 1))
            #expect(try home.ledger.map(\.stage) == (isApproved ? ["build", "deploy"] : ["build"]))
            let run = try #require(await home.look(at: "release"))
            #expect(run.status[stage: "approve"]?.reason == (isApproved ? Reason.approved : Reason.rejected))
        }
    }

    @Test func aPausedRunStartsNothingUntilItIsResumed() async throws {
        try await withHome { home in
            let gate = try home.wait(at: "gate")
            try home.write(
                Manifest.run(
                    "work",
                    [
                        Stage("first", script: "\(home.enter)\n\(gate)"),
                        Stage("second", needs: ["first"], script: home.enter),
                    ]),
                to: "manifests/work.yaml")
            _ = try await home.controller("--agent", "shell")
            try await home.began("first")
            #expect(try await home.martlet("pause", "work").code == 0)
            try home.release("gate")
            let paused = try await home.run("work") { $0.status[stage: "second"]?.reason == Reason.paused }
            #expect(paused.status[stage: "first"]?.state == .succeeded)
            #expect(try home.ledger.map(\.stage) == ["first"])
            #expect(try await home.martlet("resume", "work").code == 0)
            let ended = try await home.run("work")
            #expect(ended.status.succeeded?.status == .true)
            #expect(try home.ledger.map(\.stage) == ["first", "second"])
        }
    }

    @Test func aRerunKeepsTheResultsOfTheOthers() async throws {
        try await withHome { home in
            try home.write(
                Manifest.run(
                    "work",
                    [
                        Stage("make", script: "\(home.enter)\necho \"value=$MARTLET_FENCE\" >> \"$MARTLET_RESULTS\""),
                        Stage(
                            "check", needs: ["make"], "env: [{name: VALUE, value: $(stages.make.results.value)}]",
                            script: "\(home.enter)\necho \"$VALUE\" > \(home.path)/seen\ntest -e \(home.path)/fixed"),
                        Stage("ship", needs: ["check"], script: home.enter),
                    ], finally: [Stage("tidy", script: home.enter)]),
                to: "manifests/work.yaml")
            _ = try await home.controller("--agent", "shell")
            let failed = try await home.run("work")
            #expect(failed.status.succeeded?.status == .false)
            #expect(failed.status[stage: "ship"]?.state == .skipped)
            try home.write("", to: "fixed")
            #expect(try await home.martlet("rerun", "work").code == 0)
            let run = try await home.run("work") { $0.status.observedRerun == 1 && $0.status.isFinished }
            #expect(run.status.succeeded?.status == .true)
            #expect(run.uid == failed.uid)
            #expect(run.status[stage: "make"] == failed.status[stage: "make"])
            #expect(try home.read("seen").trimmed == Fence(run: run.uid, stage: "make", attempt: 1).description)
            #expect(
                try home.ledger.map { "\($0.stage) \($0.attempt)" }
                    == ["make 1", "check 1", "tidy 1", "check 2", "ship 1", "tidy 2"])
        }
    }

    @Test func outputIsFollowedAsItComes() async throws {
        try await withHome { home in
            let gate = try home.wait(at: "gate")
            let script = "echo before\n\(home.enter)\n\(gate)\necho after"
            try home.write(Manifest.run("talk", [Stage("say", script: script)]), to: "manifests/talk.yaml")
            _ = try await home.controller("--agent", "shell")
            try await home.began("say")
            let logs = try home.start("logs", "-f", "talk")
            try await logs.output.line("before")
            #expect(!logs.output.lines.contains { $0.contains("after") })
            try home.release("gate")
            let ending = try await logs.finish()
            #expect(ending.code == 0)
            #expect(ending.output.contains("after\n"))
        }
    }

    @Test func aCancelFromAnotherProcessEndsWhatRuns() async throws {
        try await withHome { home in
            let pulse = try home.pulse("stage")
            let script = "\(pulse.script)\n\(home.enter)\n\(try home.wait(at: "never"))"
            try home.write(
                Manifest.run("work", [Stage("long", script: script)], finally: [Stage("tidy", script: home.enter)]),
                to: "manifests/work.yaml")
            _ = try await home.controller("--agent", "shell")
            try await home.began("long")
            #expect(try await home.martlet("cancel", "work").code == 0)
            try await pulse.feed.ended()
            let run = try await home.run("work")
            #expect(run.status.stages.map(\.state) == [.cancelled, .succeeded])
        }
    }
}
