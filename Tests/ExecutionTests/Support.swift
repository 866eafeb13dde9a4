import Execution
import Glibc
import Testing

/// A folder of a test's own, removed with everything in it when the test is over.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/martlet-test-\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        try FileSystem.makeFolder(path)
    }

    /// Away from the test's thread, which must not block; the folder is of no use any more.
    func remove() async {
        try? await FileTree.remove(path)
    }

    func write(_ text: String, to name: String, mode: UInt32 = 0o644) throws {
        let path = "\(path)/\(name)"
        if let slash = path.lastIndex(of: "/") { try FileSystem.makeFolder(String(path[..<slash]), mode: 0o755) }
        try FileSystem.write(Array(text.utf8), to: path, mode: mode)
    }

    func read(_ name: String) throws -> String {
        String(decoding: try FileSystem.read("\(path)/\(name)", limit: 1 << 22).bytes, as: UTF8.self)
    }
}

func withFolder<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (TestFolder) async throws -> Result
) async throws -> Result {
    let folder = try TestFolder()
    do {
        let result = try await body(folder)
        await folder.remove()
        return result
    } catch {
        await folder.remove()
        throw error
    }
}

let testPath = getenv("PATH").map { String(cString: $0) } ?? StageEnvironment.defaultPath

let search = ExecutableSearch(path: testPath)

extension Command {
    /// A script for bash.
    static func bash(
        _ script: String, in folder: String = "/", environment: [String: String] = [:],
        standardError: ErrorDestination = .withOutput, timeout: Duration? = nil, grace: Duration = .seconds(10)
    ) -> Command {
        Command(
            "bash", ["-c", script], environment: ["PATH": testPath].merging(environment) { $1 },
            workingDirectory: folder, standardError: standardError, timeout: timeout, grace: grace)
    }
}

extension StageProcess {
    /// All lines until the output ends.
    func allLines(masking masker: Masker = Masker(), maxLineBytes: Int = LineSplitter.defaultLimit) async
        -> [OutputLine]
    {
        var all: [OutputLine] = []
        for await batch in lines(masking: masker, maxLineBytes: maxLineBytes) { all += batch }
        return all
    }

    /// The next whole line; for scripts that say when they are ready.
    func firstLine() async -> String? {
        for await batch in lines() { return batch.first?.text }
        return nil
    }
}

/// Whether a process is there and not just waiting to be reaped.
func isAlive(_ process: Int32) -> Bool {
    guard let text = try? FileSystem.read("/proc/\(process)/stat", limit: 1024) else { return false }
    let words = String(decoding: text.bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
    return words?.first != "Z" && words?.first != "X"
}
