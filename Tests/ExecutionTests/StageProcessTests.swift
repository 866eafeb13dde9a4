import Execution
import Glibc
import Testing

@Suite struct StageProcessTests {
    @Test func aProgramsOutputAndExitCodeComeBack() async throws {
        let process = try await StageProcess.start(.bash("echo out; echo err >&2; exit 7"))
        #expect(await process.allLines().map(\.text) == ["out", "err"])
        let exit = await process.exit()
        #expect(exit.status == .code(7))
        #expect(exit.cause == .itself)
        #expect(exit.description == "exited with code 7")
    }

    @Test func outputAndErrorsCanBeToldApart() async throws {
        let process = try await StageProcess.start(.bash("echo out; echo err >&2", standardError: .stream))
        let lines = await process.allLines()
        #expect(lines.filter { $0.stream == .standardOutput }.map(\.text) == ["out"])
        #expect(lines.filter { $0.stream == .standardError }.map(\.text) == ["err"])
    }

    @Test func outputCanGoToAFile() async throws {
        try await withFolder { folder in
            var command = Command.bash("echo report; echo noise >&2", standardError: .stream)
            command.standardOutput = .file("\(folder.path)/report")
            let process = try await StageProcess.start(command)
            #expect(await process.allLines().map(\.text) == ["noise"])
            _ = await process.exit()
            #expect(try folder.read("report") == "report\n")
        }
    }

    @Test func theEnvironmentIsWhatWasGivenAndNothingElse() async throws {
        var command = Command("/usr/bin/env", environment: ["A": "1", "B": "x=y"], workingDirectory: "/")
        command.standardError = .discard
        let process = try await StageProcess.start(command)
        #expect(await process.allLines().map(\.text).sorted() == ["A=1", "B=x=y"])
    }

    @Test func aProgramHasNoDescriptorsOfOurs() async throws {
        let process = try await StageProcess.start(
            .bash("ls /proc/$$/fd; readlink /proc/$$/fd/0; grep Sig[BI] /proc/$$/status"))
        let lines = await process.allLines().map(\.text)
        #expect(
            lines == [
                "0", "1", "2", "/dev/null", "SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000",
            ])
    }

    @Test func theSupervisorsMemoryIsOutOfReach() async throws {
        // Root may read anything; what others may is what the owner of these files says.
        let process = try await StageProcess.start(.bash("stat -c %a:%u /proc/$PPID/mem; cat /proc/$PPID/comm"))
        let lines = await process.allLines().map(\.text)
        #expect(lines == ["600:0", "martlet-hold"])
        try await withFolder { folder in
            guard getuid() == 0, search.find("setpriv") != nil else { return }
            let check = try await StageProcess.start(
                .bash("exec setpriv --reuid 65534 --clear-groups cat /proc/$PPID/environ"))
            #expect(await check.allLines().first?.text.contains("Permission denied") == true)
        }
    }

    @Test(arguments: [
        ("no-such-program-here", "/"),
        ("/no/such/program", "/"),
        ("/etc/passwd", "/"),
        ("/bin/true", "/no/such/folder"),
    ])
    func whatCannotStartSaysWhy(_ executable: String, _ folder: String) async throws {
        let command = Command(executable, environment: ["PATH": testPath], workingDirectory: folder)
        let error = await #expect(throws: StartError.self) { try await StageProcess.start(command) }
        switch executable {
        case "no-such-program-here":
            #expect(error == .notFound(program: executable, path: search.folders.joined(separator: ":")))
        case "/no/such/program":
            #expect(error?.description == "cannot run `/no/such/program`: No such file or directory")
        case "/etc/passwd": #expect(error?.description == "cannot run `/etc/passwd`: Permission denied")
        default: #expect(error?.description == "cannot work in /no/such/folder: No such file or directory")
        }
    }

    @Test func aMissingInterpreterIsToldFromAMissingProgram() async throws {
        try await withFolder { folder in
            try folder.write("#!/no/such/interpreter\n", to: "script", mode: 0o755)
            let command = Command("\(folder.path)/script", environment: [:], workingDirectory: "/")
            let error = await #expect(throws: StartError.self) { try await StageProcess.start(command) }
            #expect(error?.description == "cannot run `\(folder.path)/script`: the interpreter it names is missing")
        }
    }

    @Test func daemonsThatHideAreGoneBeforeTheExitIsReported() async throws {
        try await withFolder { folder in
            // One daemon in the group, one in a session of its own, one forked twice; all deaf to SIGTERM.
            let script = """
                trap '' TERM
                daemon() { echo $BASHPID >> pids; while :; do sleep 1000; done; }
                daemon &
                setsid bash -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 1000; done' &
                (setsid bash -c '(trap "" TERM; echo $BASHPID >> pids; while :; do sleep 1000; done) & disown' &)
                until [ "$(wc -l < pids)" = 3 ]; do :; done 2> /dev/null
                exit 3
                """
            let process = try await StageProcess.start(.bash(script, in: folder.path))
            _ = await process.allLines()
            let exit = await process.exit()
            #expect(exit.status == .code(3))
            #expect(exit.leftovers >= 2)
            let daemons = try folder.read("pids").split(separator: "\n").compactMap { Int32($0) }
            #expect(daemons.count == 3)
            #expect(daemons.filter(isAlive) == [])
        }
    }

    @Test func aBackgroundProcessThatHoldsTheOutputDoesNotHoldUpTheStage() async throws {
        let process = try await StageProcess.start(.bash("sleep 1000 & echo done"))
        #expect(await process.allLines().map(\.text) == ["done"])
        #expect(await process.exit().status == .code(0))
    }

    @Test func terminateReachesEveryProcessAndLeavesTimeToTidyUp() async throws {
        let script = """
            trap 'echo main got it; exit 5' TERM
            setsid bash -c 'trap "echo other got it; exit" TERM; echo ready; while :; do sleep 0.01; done' &
            other=$!
            while :; do wait $other; done
            """
        let process = try await StageProcess.start(.bash(script))
        var lines: [String] = []
        for await batch in process.lines() {
            lines += batch.map(\.text)
            if batch.contains(where: { $0.text == "ready" }) { process.terminate(grace: .seconds(60)) }
        }
        let exit = await process.exit()
        #expect(exit.cause == .terminated)
        #expect(exit.status == .code(5))
        #expect(lines.contains("main got it"))
    }

    @Test func whatDoesNotHeedSIGTERMIsKilledAfterTheGrace() async throws {
        let process = try await StageProcess.start(.bash("trap '' TERM; echo ready; while :; do sleep 1000; done"))
        var iterator = process.lines().makeAsyncIterator()
        #expect(await iterator.next()?.first?.text == "ready")
        process.terminate(grace: .milliseconds(50))
        let exit = await process.exit()
        #expect(exit.status == .signal(SIGKILL))
        #expect(exit.cause == .terminated)
    }

    @Test func aStageThatTakesTooLongTimesOut() async throws {
        let process = try await StageProcess.start(
            .bash("trap '' TERM; while :; do sleep 1000; done", timeout: .seconds(2), grace: .milliseconds(20)))
        let exit = await process.exit()
        #expect(exit.cause == .timeout)
        #expect(exit.status == .signal(SIGKILL))
        // Without the grace: the time that it ran is counted from a moment later than the timeout.
        #expect(exit.elapsed >= .seconds(2))
        #expect(exit.description == "timed out")
    }

    @Test func aDroppedProcessIsKilled() async throws {
        let processID: Int32
        do {
            let process = try await StageProcess.start(.bash("echo ready; sleep 1000"))
            #expect(await process.firstLine() == "ready")
            processID = process.processID
        }
        // Its end is an event that this process can wait for.
        let watch = try await StageProcess.start(.bash("tail --pid=\(processID) -f /dev/null"))
        #expect(await watch.exit().status == .code(0))
    }

    @Test func aHundredMegabytesWithoutANewlineTakeLittleMemory() async throws {
        // In a process of its own, whose memory nobody else uses.
        let probe = try await StageProcess.start(
            Command(
                stageProbe, ["--measure", "head -c 100000000 /dev/zero | tr '\\0' x"], environment: [:],
                workingDirectory: "/"))
        let figures = try #require(await probe.firstLine()).split(separator: " ").compactMap { Int($0) }
        try #require(figures.count == 4)
        let longest = LineSplitter.defaultLimit
        #expect(Array(figures[..<3]) == [100_000_000, (100_000_000 + longest - 1) / longest, longest])
        #expect(figures[3] < 48 << 10, "the process took \(figures[3]) KiB at most")
        #expect(await probe.exit().status == .code(0))
    }

    @Test func aProgramWaitsUntilItsOutputIsRead() async throws {
        try await withFolder { folder in
            let process = try await StageProcess.start(
                .bash(
                    "head -c 1000000 /dev/zero | tr '\\0' 'x'; touch end", in: folder.path, timeout: .milliseconds(300))
            )
            // Nobody reads: the pipe is full long before the million, and the time runs out.
            #expect(await process.exit().cause == .timeout)
            #expect(!FileSystem.exists("\(folder.path)/end"))
            var kept = 0
            for await chunk in process.output { kept += chunk.bytes.count }
            #expect(kept > 0 && kept <= 64 << 10)
        }
    }

    @Test func aCancelledReaderStops() async throws {
        let process = try await StageProcess.start(.bash("sleep 1000"))
        let reader = Task { await process.allLines() }
        reader.cancel()
        #expect(await reader.value == [])
        process.kill()
        #expect(await process.exit().cause == .killed)
    }

    @Test func theTimeOfTheWholeTreeIsCounted() async throws {
        let process = try await StageProcess.start(.bash("(head -c 300000000 /dev/zero | tr '\\0' x > /dev/null)"))
        let exit = await process.exit()
        #expect(exit.userTime + exit.systemTime > .milliseconds(10))
        #expect(exit.maxResidentBytes > 1 << 20)
    }

    @Test func manyAtOnceAllComeToAnEnd() async throws {
        let codes = try await withThrowingTaskGroup(of: Int32?.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let process = try await StageProcess.start(.bash("echo \(number); exit \(number)"))
                    let text = await process.allLines().map(\.text)
                    let exit = await process.exit()
                    guard text == ["\(number)"], case .code(let code) = exit.status else { return nil }
                    return code
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.compactMap { $0 }.sorted() == Array(0..<60))
    }

    @Test func whoKillsTheSupervisorEndsTheStage() async throws {
        try await withFolder { folder in
            let process = try await StageProcess.start(
                .bash("until [ -e go ]; do :; done; kill -9 $PPID; sleep 1000", in: folder.path))
            try folder.write("", to: "go")
            let exit = await process.exit()
            #expect(exit.cause == .supervisorLost)
        }
    }
}
