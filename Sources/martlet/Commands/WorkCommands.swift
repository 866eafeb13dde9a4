internal import ArgumentParser

/// The commands that do the work themselves, rather than ask for it.
enum WorkCommands {
    static let all: [any ParsableCommand.Type] = [
        RunCommand.self, ControllerCommand.self, AgentCommand.self, BrokerCommand.self,
    ]
}
