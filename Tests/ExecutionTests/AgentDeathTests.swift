import Execution
import Glibc
import Testing

/// The program beside the tests that stands in for an agent.
let stageProbe: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "\(path.split(separator: "/").dropLast().map { "/\($0)" }.joined())/StageProbe"
}()

@Suite struct AgentDeathTests {
    @Test(.enabled(if: FileSystem.isFile(stageProbe), "the executable StageProbe is not built"))
    func whenTheAgentIsKilledNothingOfItsStagesIsLeft() async throws {
        let script = """
            trap '' TERM HUP
            setsid bash -c 'trap "" TERM HUP; echo $$; while :; do sleep 1000; done' &
            echo $$; echo $PPID; while :; do sleep 1000; done
            """
        let agent = try await StageProcess.start(
            Command(stageProbe, [script], environment: [:], workingDirectory: "/"))
        var processes: [Int32] = []
        for await batch in agent.lines() {
            processes += batch.compactMap { Int32($0.text) }
            if processes.count == 3 { break }
        }
        #expect(processes.count == 3)
        #expect(processes.allSatisfy(isAlive))
        // Only the agent itself, and in a way that it can't notice.
        #expect(kill(agent.processID, SIGKILL) == 0)
        // tail ends when they have.
        let watch = try await StageProcess.start(
            .bash(processes.map { "tail --pid=\($0) -s 0.01 -f /dev/null" }.joined(separator: "; ")))
        #expect(await watch.exit().status == .code(0))
        #expect(processes.filter(isAlive) == [])
    }
}
