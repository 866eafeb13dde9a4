import AgentProtocol
import Kafka
import Model
import Synchronization
import Testing

@testable import KafkaTransport

/// A look at who is there, beside whoever reads for a living.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct PresenceReaderTests {
    private func heard(
        in place: Place, installation: String = "here", within limit: Duration = .seconds(10),
        isEnough: @escaping @Sendable ([Presence]) -> Bool = { _ in true }
    ) async throws -> [Presence] {
        let log = EventLog<Presence>()
        let reader = PresenceReader(place.configuration(installation: installation), address: place.address)
        try await reader.read(within: limit, isEnough: { isEnough(log.events) }, { log.add($0.presence) })
        return log.events
    }

    @Test(arguments: Place.Broker.available)
    func `hears what has been said, each agent's in its order, and no other installation's`(
        _ kind: Place.Broker
    ) async throws {
        let place = try Place(kind)
        let process = Process(place)
        let agents = ["a", "b", "c"].map { process.agent($0) }
        for agent in agents { _ = await agent.ready() }
        for sequence in 1...5 { for agent in agents { #expect(await agent.announce(agent.presence(sequence))) } }
        let presences = try await heard(in: place)
        for agent in agents {
            #expect(presences.filter { $0.agent == agent.name }.map(\.sequence) == [1, 2, 3, 4, 5])
        }
        #expect(try await heard(in: place, installation: "elsewhere").isEmpty)
        await process.end()
    }

    @Test(arguments: Place.Broker.available)
    func `goes on until there is enough`(_ kind: Place.Broker) async throws {
        let place = try Place(kind)
        let process = Process(place)
        let agent = process.agent("a")
        _ = await agent.ready()
        #expect(await agent.announce(agent.presence(1)))
        let reading = Task { try await heard(in: place, within: .seconds(30)) { $0.count >= 2 } }
        #expect(await agent.announce(agent.presence(2)))
        #expect(try await reading.value.map(\.sequence) == [1, 2])
        await process.end()
    }

    @Test func `where nobody has ever been there is nothing to hear`() async throws {
        let place = try Place(.embedded)
        #expect(try await heard(in: place).isEmpty)
    }

    @Test func `a broker that doesn't answer is an error within the time`() async throws {
        let place = try Place(.embedded)
        await place.broker?.close()
        await #expect(throws: KafkaError.self) { _ = try await heard(in: place, within: .seconds(1)) }
    }
}
