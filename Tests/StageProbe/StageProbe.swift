import Execution
import Glibc

/// A stand-in for an agent, for tests to kill: starts a stage, hands on its output, and waits for ever.
@main
struct StageProbe {
    static func main() async throws {
        let process = try await StageProcess.start(
            Command(
                "/bin/bash", ["-c", CommandLine.arguments.dropFirst().joined(separator: " ")],
                environment: ["PATH": "/usr/bin:/bin"], workingDirectory: "/"))
        for await batch in process.lines() {
            for line in batch {
                print(line.text)
                fflush(nil)
            }
        }
    }
}
