import Execution
import Glibc

/// A stand-in for an agent, for tests to kill: starts a stage, hands on its output, and waits for its end. With
/// `--measure` it prints what the output amounted to (bytes, lines, the longest line) and its own peak memory in KiB.
@main
struct StageProbe {
    static func main() async throws {
        let measures = CommandLine.arguments.dropFirst().first == "--measure"
        let process = try await StageProcess.start(
            Command(
                "/bin/bash", ["-c", CommandLine.arguments.dropFirst(measures ? 2 : 1).joined(separator: " ")],
                environment: ["PATH": "/usr/bin:/bin"], workingDirectory: "/"))
        var (bytes, lines, longest) = (0, 0, 0)
        for await batch in process.lines() {
            for line in batch {
                bytes += line.text.utf8.count
                lines += 1
                longest = max(longest, line.text.utf8.count)
                if measures { continue }
                print(line.text)
                fflush(nil)
            }
        }
        guard measures else { return }
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        print(bytes, lines, longest, usage.ru_maxrss)
    }
}
