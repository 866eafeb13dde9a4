package import Agent
package import AgentProtocol
internal import Controller
package import Logging
package import Reporting
package import Web

/// What a controller's process is made of, whichever its home.
package struct ControllerOptions: Sendable {
    /// The state folder: in the folder home everything that was observed, else logs alone.
    package var state: String
    package var kafka = KafkaOptions()
    /// The agents that live in the controller's process.
    package var agents: [AgentConfiguration] = []
    /// Who may use which secret to ask a repository for its refs, and where secrets are.
    package var secretRules = SecretRules()
    package var secretsFolder: String?
    /// Where every input and decision is written, for `martlet replay`; nowhere when absent.
    package var journal: String?
    /// The program's version, for the journal.
    package var version = ""
    /// Signs what agents are told; without it only the agents in the process know that it is this controller's.
    package var signingKey: SigningKey?
    /// What runs their work; by default real work.
    package var executor: (any StageExecutor)?
    package var logger: Logger

    /// Whether what happens to runs is published for the world to read.
    package var announcesEvents = false
    /// What serves webhooks and pages; nothing where nobody wants it.
    package var web: WebSettings?
    /// Who is told how runs go.
    package var reporting: ReportingConfiguration?
    /// Is told the port once the web server takes connections.
    package var listening: (@Sendable (Int) -> Void)?

    /// Is shown agents' output once it is in the store. Must not block.
    package var tapLogs: (@Sendable ([LogChunk]) -> Void)?

    package init(state: String, logger: Logger) {
        self.state = state
        self.logger = logger
    }
}
