import Execution
import Glibc

/// A server that runs until it is stopped, dropped, or this process is gone.
struct ServerProcess: Sendable {
    private let process: StageProcess
    let name: String
    private let log: String

    /// - Parameter log: The file that gets what it writes.
    init(_ program: String, _ arguments: [String], in folder: String, log: String) async throws {
        process = try await StageProcess.start(
            Command(
                program, arguments, environment: ["PATH": StageEnvironment.defaultPath, "HOME": folder],
                workingDirectory: folder, standardOutput: .file(log)))
        name = program.split(separator: "/").last.map(String.init) ?? program
        self.log = log
    }

    var isAlive: Bool { kill(process.processID, 0) == 0 }

    /// The end of what it has written.
    var lastWords: String {
        let bytes = (try? FileSystem.read(log, limit: 64 << 20))?.bytes ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(40).joined(separator: "\n")
    }

    var foundItsPortTaken: Bool { !isAlive && lastWords.contains("address already in use") }

    /// Ends it as a power cut would, and waits until it is gone.
    func crash() async {
        process.kill()
        _ = await process.exit()
    }

    /// Looks again and again until it is ready.
    ///
    /// - Throws: `ClusterError` with its last words when it has ended, or not become ready within the time.
    func ready(within time: Duration, _ isReady: @Sendable () async throws -> Bool) async throws {
        let deadline = BootClock().now.advanced(by: time)
        while true {
            guard isAlive else { throw ClusterError("\(name) ended while it started:\n\(lastWords)") }
            if try await isReady() { return }
            guard BootClock().now < deadline else {
                throw ClusterError("\(name) was not ready within \(time):\n\(lastWords)")
            }
            // A server tells nobody that it is ready: it has to be asked.
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
