internal import AgentProtocol
internal import ArgumentParser
internal import Assembly
internal import Execution
internal import Glibc
internal import Kafka
internal import Model
internal import UnixSignals

struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "A small Kafka broker in memory, for trying things and for tests, until told to stop.",
        discussion: """
            It listens on a free port of 127.0.0.1, makes the topics of an installation, and prints its address. \
            Everything it holds is gone when its process ends: for work that matters use a Kafka cluster. Anyone on \
            this machine may connect.

            SIGUSR1 takes it down, as an outage would: connections are cut, none is accepted, what it holds is kept. \
            SIGUSR2 brings it back. It prints `down` and `up` once that is so. SIGTERM ends it.

            A fetch that finds nothing waits its full time here, since nothing wakes it: have the others ask more often.

            Examples:
              martlet broker --address-file kafka &
              martlet controller --manifests manifests --kafka "$(cat kafka)" --kafka-property fetch.wait.max.ms=5
              martlet agent --kind test --kafka "$(cat kafka)" --kafka-property fetch.wait.max.ms=5
              kill -USR1 %1
            """)

    /// The kinds with a job of their own, and the one for scripts.
    static let defaultKinds = ["lint", "test", "build", "security", "shell"]

    @Option(
        help: ArgumentHelp(
            """
            A kind of agent to make a topic for. May be repeated. (default: \
            \(Self.defaultKinds.joined(separator: ", ")))
            """, valueName: "KIND"))
    var kind: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where to write the address once clients may connect; removed at the end.", valueName: "FILE"),
        completion: .file())
    var addressFile: String?

    @OptionGroup var topicPrefix: TopicPrefixOption

    func validate() throws {
        for kind in kind { try AgentCommand.requireKind(kind, as: "--kind") }
    }

    func run() async throws {
        let settings = try topicPrefix.resolve()
        // Before anybody can know of this process.
        let signals = await UnixSignalsSequence(trapping: .sigusr1, .sigusr2, .sigint, .sigterm)
        let broker: StandaloneBroker
        do {
            broker = try await StandaloneBroker(
                kinds: kind.isEmpty ? Self.defaultKinds : kind,
                topics: Topics(prefix: settings.text(Settings.topicPrefix) ?? ""))
        } catch let error as KafkaError {
            throw CommandFailure(error.description)
        }
        try writeAddress(broker.address)
        defer { if let addressFile { unlink(addressFile) } }
        Console.standard.write(broker.address + "\n")
        for await signal in signals {
            switch signal {
            case .sigusr1:
                try await broker.setDown()
                Console.standard.write("down\n")
            case .sigusr2:
                try await broker.setUp()
                Console.standard.write("up\n")
            default: return await broker.close()
            }
        }
    }

    /// Whoever waits for the file finds all of it.
    private func writeAddress(_ address: String) throws {
        guard let addressFile else { return }
        let draft = "\(addressFile).\(getpid())"
        do throws(SystemError) {
            try FileSystem.write(Array("\(address)\n".utf8), to: draft, mode: 0o644)
            guard rename(draft, addressFile) == 0 else { throw SystemError("name the file \(addressFile)") }
        } catch {
            unlink(draft)
            throw CommandFailure("--address-file \(addressFile): \(error)")
        }
    }
}
