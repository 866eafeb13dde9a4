import Execution
import Glibc

/// A Python with what a test needs of PyPI, made once and kept in the user's cache folder.
package enum PythonEnvironment {
    /// The interpreter of an environment that has what `requirements` names.
    ///
    /// - Parameters:
    ///   - requirements: The path of a requirements file.
    ///   - module: What can be imported once they are there.
    /// - Throws: `ClusterError` that says what is missing. A test that can't run has failed.
    package static func interpreter(requirements: String, module: String) async throws -> String {
        try await making.interpreter(requirements: requirements, module: module)
    }

    /// Tests that run at the same time want the same one: it is made for the first, and the others wait for it.
    private static let making = Making()

    private actor Making {
        private var made: [String: Task<String, any Error>] = [:]

        func interpreter(requirements: String, module: String) async throws -> String {
            if let made = made[requirements] { return try await made.value }
            let task = Task { try await PythonEnvironment.make(requirements: requirements, module: module) }
            made[requirements] = task
            return try await task.value
        }
    }

    private static func make(requirements: String, module: String) async throws -> String {
        var environment: [String: String] = [:]
        for name in ["PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR"] {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        let cache = environment["XDG_CACHE_HOME"] ?? environment["HOME"].map { "\($0)/.cache" }
        guard let cache else {
            throw ClusterError("neither XDG_CACHE_HOME nor HOME says where to keep an environment for Python")
        }
        let variables = environment
        func run(_ program: String, _ arguments: [String]) async throws -> CapturedOutput {
            try await Command(program, arguments, environment: variables, workingDirectory: cache).capture()
        }
        let wanted = String(decoding: try FileSystem.read(requirements, limit: 4096).bytes, as: UTF8.self)
        let name = wanted.split(whereSeparator: { !$0.isLetter && !$0.isNumber }).joined(separator: "-")
        let kept = "\(cache)/martlet-tests/\(name)"
        try FileSystem.makeFolder("\(cache)/martlet-tests", mode: 0o755)
        if FileSystem.exists("\(kept)/bin/python"),
            try await run("\(kept)/bin/python", ["-c", "import \(module)"]).exit.isSuccess
        {
            return "\(kept)/bin/python"
        }
        // Made under a name of its own and moved, so that no other test meets half of it.
        let draft = "\(kept).\(getpid())"
        let made = try await run("python3", ["-m", "venv", "--clear", draft])
        guard made.exit.isSuccess else {
            throw ClusterError("`python3 -m venv` failed (Debian's package python3-venv has it): \(made.errorText)")
        }
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2"]
        let installed = try await run("\(draft)/bin/python", pip + ["-r", requirements])
        guard installed.exit.isSuccess else {
            try? await FileTree.remove(draft)
            throw ClusterError("\(requirements) can't be had from PyPI; is there a network? \(installed.errorText)")
        }
        try? await FileTree.remove(kept)
        guard rename(draft, kept) == 0 || FileSystem.exists("\(kept)/bin/python") else {
            throw ClusterError("\(kept): \(String(cString: strerror(errno)))")
        }
        return "\(kept)/bin/python"
    }
}
