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
        print(bytes, lines, longest, peakMemory() ?? 0)
    }

    /// In KiB. What `getrusage` gives may be that of the process this one was forked from.
    private static func peakMemory() -> Int? {
        guard let status = try? FileSystem.read("/proc/self/status", limit: 1 << 16).bytes else { return nil }
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }
    }
}
