internal import ArgumentParser
internal import Model
internal import Presentation
internal import Stores

struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Has agents take nothing more; what they run goes on to its end.",
        discussion: """
            Holds for the agent of that name until it is taken back, also after a new start of it. Its process stays: \
            SIGTERM ends that. Without a name it lists the agents that are drained.

            Examples:
              martlet drain build-1
              martlet drain --undo build-1     from its next start on
            """)

    @Argument(help: ArgumentHelp("Names of agents (--agent-id).", valueName: "AGENT"))
    var agents: [String] = []

    @Flag(help: "Takes it back; an agent that drains already takes something again once it is started anew.")
    var undo = false

    @OptionGroup var state: StateOption

    func validate() throws {
        if undo, agents.isEmpty { throw ValidationError("Name the agents: martlet drain --undo AGENT") }
        for agent in agents {
            if let complaint = TextRule.filled(253).complaint(about: agent) {
                throw ValidationError("AGENT \(complaint).")
            }
        }
    }

    func run() async throws {
        let home = try Home(state.resolve())
        if agents.isEmpty {
            for agent in try await home.reader.drainedAgents() { Console.standard.write("\(agent.shown())\n") }
            return
        }
        let verbs = try home.verbs
        for agent in agents {
            try await verbs.drain(agent, undo: undo)
            Console.standard.write(
                "\(agent.shown()) \(undo ? "takes something again from its next start on" : "takes nothing more")\n")
        }
        home.noteMissingController()
    }
}
