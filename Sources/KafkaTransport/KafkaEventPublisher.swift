import AgentProtocol
import Kafka
import Model
import Synchronization
package import Telemetry

/// Publishes events on `martlet.events`, in CloudEvents' binary binding, through the link's producer.
///
/// What is taken waits through outages, within a bound of memory that is its own: reports of agents in the same process
/// never give way to it. The link's configuration has to say that it publishes events, for them to keep their order. When the link changes to another broker, which knows nothing of before, what waits is dropped.
package final class KafkaEventPublisher: EventPublisher {
    /// Of the values and headers that wait for their acknowledgement.
    package static let defaultLimit = 8 << 20
    /// How long a topic that couldn't be made isn't asked for again.
    private static let refusalInterval = Duration.seconds(10)
    /// A message's headers and what is kept beside it, roughly.
    private static let overhead = 1024

    private struct State {
        var bytes = 0
        var lost = 0
        /// Of the session that has the topic.
        var readyGeneration = 0
        var lastRefusal: ContinuousClock.Instant?
    }

    private let link: KafkaLink
    private let limit: Int
    private let state = Mutex(State())

    private var topic: String { link.configuration.topics.events }

    package init(link: KafkaLink, limit: Int = KafkaEventPublisher.defaultLimit) {
        self.link = link
        self.limit = limit
    }

    /// Events that had been taken and that no broker has acknowledged after all.
    package var lost: Int { state.withLock { $0.lost } }

    package func publish(_ event: CloudEvent, key: String) async -> Bool {
        let bytes = event.data.count + Self.overhead
        let hasRoom = state.withLock { state in
            guard state.bytes + bytes <= limit else { return false }
            state.bytes += bytes
            return true
        }
        guard hasRoom else { return false }
        await makeTopic()
        let isKept = link.outlet.keep(message(event, key: key)) { [self] isStored in
            state.withLock { state in
                state.bytes -= bytes
                if !isStored { state.lost += 1 }
            }
        }
        if !isKept { state.withLock { $0.bytes -= bytes } }
        return isKept
    }

    private func message(_ event: CloudEvent, key: String) -> KafkaMessage {
        KafkaMessage(
            topic: topic, key: Array(key.utf8), value: event.data,
            headers: [
                KafkaHeader("ce_specversion", "1.0"), KafkaHeader("ce_id", event.id),
                KafkaHeader("ce_source", event.source), KafkaHeader("ce_type", event.type),
                KafkaHeader("ce_subject", event.subject), KafkaHeader("ce_time", event.time.description),
                KafkaHeader("ce_installation", link.configuration.installation),
                KafkaHeader("content-type", "application/json"),
            ])
    }

    /// Makes the topic where it is missing, once a session. Where that fails, events wait as in any outage.
    private func makeTopic() async {
        guard let session = link.state.withLock({ $0.session }) else { return }
        let wants = state.withLock { state in
            guard state.readyGeneration != session.generation else { return false }
            return state.lastRefusal.map { ContinuousClock.now - $0 >= Self.refusalInterval } ?? true
        }
        guard wants else { return }
        do throws(KafkaError) {
            _ = try await session.ensure([topic])
            state.withLock { $0.readyGeneration = session.generation }
        } catch {
            link.troubles.note(error)
            state.withLock { $0.lastRefusal = .now }
        }
    }
}
