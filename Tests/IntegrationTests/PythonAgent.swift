import Execution
import Glibc
import Stores
import Testing

/// The example agent in Python, and the real library that it needs.
enum PythonAgent {
    private static let folder = "\(Programs.project)/manifests/examples/python-agent"
    static let program = "\(folder)/agent.py"
    static let pipeline = "\(folder)/pipeline.yaml"

    /// A Python that has what the agent requires. It is made once and kept in the user's cache folder, since that takes
    /// some seconds and the network.
    ///
    /// - Throws: `Unmet` that says what is missing. A test of the agent that can't run has failed.
    static func interpreter(in home: Home) async throws -> String {
        let requirements = "\(folder)/requirements.txt"
        let wanted = String(decoding: try FileSystem.read(requirements, limit: 4096).bytes, as: UTF8.self).trimmed
        let environment = Programs.environment
        guard let cache = environment["XDG_CACHE_HOME"] ?? environment["HOME"].map({ "\($0)/.cache" }) else {
            throw Unmet("neither XDG_CACHE_HOME nor HOME says where to keep a virtual environment for Python")
        }
        let name = wanted.map { $0.isLetter || $0.isNumber ? $0 : "-" }
        let kept = "\(cache)/martlet-tests/\(String(name))"
        if try await home.start("\(kept)/bin/python", ["-c", "import kafka"]).finish().code == 0 {
            return "\(kept)/bin/python"
        }
        // Made under a name of its own and moved, so that no other test meets half of it.
        let draft = "\(kept).\(getpid())"
        try FileSystem.makeFolder("\(cache)/martlet-tests", mode: 0o755)
        let made = try await home.start("python3", ["-m", "venv", "--clear", draft]).finish()
        guard made.code == 0 else {
            throw Unmet("`python3 -m venv` failed (Debian's package python3-venv has it): \(made.errors)\(made.output)")
        }
        let pip = [
            "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2", "-r", requirements,
        ]
        let installed = try await home.start("\(draft)/bin/python", pip).finish()
        guard installed.code == 0 else {
            try? await FileTree.remove(draft)
            throw Unmet("`\(wanted)` can't be had from PyPI; is there a network? \(installed.errors)")
        }
        try? await FileTree.remove(kept)
        guard rename(draft, kept) == 0 || FileSystem.exists("\(kept)/bin/python") else {
            throw Unmet("\(kept): \(String(cString: strerror(errno)))")
        }
        return "\(kept)/bin/python"
    }
}

extension Home {
    /// Starts the agent in Python for the kind `python`: at the brokers that are given, or else the embedded one.
    func pythonAgent(_ id: String = "python", slots: Int = 4, brokers: String? = nil) async throws -> Child {
        let python = try await PythonAgent.interpreter(in: self)
        let address = if let brokers { brokers } else { try await embeddedBroker() }
        return try start(
            python, [PythonAgent.program, "python", id, "\(slots)", address, folder.installation],
            environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    }

    /// Where the embedded broker is, once its controller has said so.
    private func embeddedBroker() async throws -> String {
        for await broker in try folder.brokers() {
            if let broker, broker.isAlive { return broker.address }
        }
        throw Unmet("no address of a broker")
    }
}
