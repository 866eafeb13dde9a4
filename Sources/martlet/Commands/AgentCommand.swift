internal import Agent
internal import AgentProtocol
internal import ArgumentParser
internal import Assembly
internal import Glibc
internal import Logging
internal import Model
internal import Stores

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "One agent as a process of its own, until told to stop.",
        discussion: """
            It finds its controller through the state folder (--state), or, with brokers of your own, by --kafka and the \
            controller's installation id, which the state folder holds or --installation names. SIGTERM lets it finish \
            what it runs, for --grace-seconds at most.

            Examples:
              martlet agent --kind test
              martlet agent --kind build --slots 2 --label arch=arm64 --state /var/lib/martlet
              martlet agent --kind shell --kafka kafka-1:9092 --installation 0b3c…
            """)

    @Option(help: ArgumentHelp("What it offers: lint, test, build, security, shell, or any name.", valueName: "KIND"))
    var kind: String

    @OptionGroup var identity: AgentIDOption
    @OptionGroup var installation: InstallationOption
    @OptionGroup var agentState: AgentStateOption
    @OptionGroup var verification: VerifyKeyOption
    @OptionGroup var options: SharedOptions

    func validate() throws {
        try Self.requireKind(kind, as: "--kind")
    }

    /// - Parameter option: How it was given.
    static func requireKind(_ kind: String, as option: String) throws {
        if let complaint = TextRule.dnsLabel.complaint(about: kind) { throw ValidationError("\(option) \(complaint).") }
        if Topics.reservedKinds.contains(kind) {
            throw ValidationError("\(option) \(kind) is a topic of the protocol; choose another name.")
        }
    }

    func run() async throws {
        hideMemory()
        let settings = try options.resolve(and: identity, installation, agentState, verification)
        // It names a folder, and everything that the agent says.
        if let id = settings.text(Settings.agentID), !Self.isName(id) {
            throw CommandFailure(
                "--agent-id \(id.shown()): may have letters, digits, `.`, `_` and `-`, at most 253, and no `.` in front",
                code: CommandFailure.badInput)
        }
        let logger = settings.logger("martlet-agent")
        var configuration = try settings.agent(
            kinds: [kind], id: settings.text(Settings.agentID), isInProcess: false)
        let hasOwnFolder = settings.value(Settings.agentState)
        let usesState = settings.text(Settings.installation) == nil || settings.text(Settings.kafka) == nil
        let state = usesState ? settings.statePath : nil
        // One that is named here is used, also where it isn't a controller's. A variable may be meant for others.
        let isNamed = settings.value(Settings.state).origin == .flag
        let ownFolder = (state ?? (isNamed ? settings.statePath : nil)).map { "\($0)/agents/\(configuration.id)" }
        configuration.stateFolder = (hasOwnFolder.texts.last ?? ownFolder)
            .map(absolute)
        configuration.allowsLocalSources = state != nil
        let verifyKeys = try settings.verifyKeys(logger)
        if let state, settings.text(Settings.kafka) != nil, access(state, F_OK) != 0 {
            throw CommandFailure(
                "which installation does the agent belong to? Give --installation ID, which its controller says when it "
                    + "starts, or --state DIR of a controller on this machine", code: CommandFailure.badInput)
        }
        let agent = try RemoteAgent(
            configuration, state: state, installation: settings.text(Settings.installation),
            kafka: try settings.kafka(),
            verifyKeys: verifyKeys, logger: logger)
        logger.notice("agent \(configuration.id) offers \(kind), \(configuration.slots) slots")
        if verifyKeys.isEmpty {
            logger.notice("it obeys whoever can write to its topic; --verify-key names a controller's key")
        } else {
            logger.notice("it obeys what is signed with \(verifyKeys.map(\.id).joined(separator: ", "))")
        }
        if settings.text(Settings.kafka) == nil, let state, (try? StateFolder.existing(at: state))?.controller == nil {
            logger.notice("no controller runs on \(state) now; waiting for one")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await Signals.watch {
                    agent.drain()
                } second: {
                    agent.shutDown()
                }
            }
            try await agent.run()
            group.cancelAll()
        }
    }

    static func isName(_ id: String) -> Bool {
        !id.isEmpty && id.utf8.count <= 253 && !id.hasPrefix(".")
            && id.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains($0))
            }
    }

    /// The same folder seen from a stage's workspace, where its scripts and tools run.
    private func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }
}
