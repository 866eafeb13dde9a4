import ClusterSupport
import Stores

/// The example agent in Python, and the real library that it needs.
enum PythonAgent {
    private static let folder = "\(Programs.project)/manifests/examples/python-agent"
    static let program = "\(folder)/agent.py"
    static let pipeline = "\(folder)/pipeline.yaml"

    /// A Python that has what the agent requires.
    ///
    /// - Throws: What is missing. A test of the agent that can't run has failed.
    static func interpreter() async throws -> String {
        try await PythonEnvironment.interpreter(requirements: "\(folder)/requirements.txt", module: "kafka")
    }
}

extension Home {
    /// Starts the agent in Python for the kind `python`: at the brokers that are given, or else the embedded one.
    func pythonAgent(_ id: String = "python", slots: Int = 4, brokers: String? = nil) async throws -> Child {
        let python = try await PythonAgent.interpreter()
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
