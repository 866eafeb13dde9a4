import AgentProtocol
package import Controller
import Kafka

/// Reads agents' output into the log store.
///
/// A consumer of its own, so that output never holds up a result: its thread waits for the store, and what has been
/// fetched meanwhile stays inside librdkafka, which bounds it. On the embedded broker it asks 20 times a second, which
/// costs little and is soon enough for people. Positions are committed once the store has what is before them, so that
/// a restart leaves nothing out; what it repeats the store knows by its number.
package final class KafkaLogReader: Sendable {
    private struct Batch: Sendable {
        let chunks: [LogChunk]
        let ends: [KafkaOffset]
    }

    /// In the headers of what is set aside.
    private static let name = "/log-reader"

    private let link: KafkaLink
    private let store: any LogStore
    private let reader: RecordReader

    package init(link: KafkaLink, store: any LogStore) {
        self.link = link
        self.store = store
        reader = RecordReader(installation: link.configuration.installation)
    }

    /// Reads until the task is cancelled; the last positions are committed before it returns.
    package func run() async {
        guard let (user, sessions) = link.join(KafkaLink.Callbacks(receive: { _ in })) else { return }
        for await session in sessions { await read(in: session) }
        await link.leave(user)
    }

    private func read(in session: LinkSession) async {
        let configuration = link.configuration
        let settings = ClientSettings(configuration: configuration, address: session.address).logConsumer
        let handover = Handover<Batch>()
        let troubles = link.troubles
        let consumer: KafkaConsumer
        do throws(KafkaError) {
            consumer = try KafkaConsumer(
                settings, log: { troubles.note($0) },
                onEvent: { event in
                    if case .failure(let error) = event { troubles.note(error) }
                },
                onRecords: { [self] in _ = handover.give(batch($0)) })
        } catch {
            return troubles.note(error)
        }
        let positions = LogPositions()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.begin(consumer, in: session) }
            group.addTask {
                for await batch in handover.values {
                    await self.store.append(batch.chunks)
                    positions.note(stored: batch.ends)
                    handover.taken()
                }
            }
            group.addTask {
                // The one place that knows when the session has ended: a task cancelled, or a newer address.
                while !Task.isCancelled, self.link.isCurrent(session) {
                    try? await Task.sleep(for: .seconds(1))
                    await self.commit(positions, consumer)
                }
                handover.close()
            }
        }
        if link.isCurrent(session) { await commit(positions, consumer) }
        await consumer.close()
    }

    private func begin(_ consumer: KafkaConsumer, in session: LinkSession) async {
        let topic = link.configuration.topics.logs
        while !Task.isCancelled, link.isCurrent(session) {
            do throws(KafkaError) {
                let partitions = KafkaPartition.all(of: topic, try await session.ensure([topic]))
                let committed =
                    link.configuration.keepsPositions
                    ? try await consumer.committed(partitions) : partitions.map { _ in nil }
                return try await consumer.assign(
                    zip(partitions, committed).map { partition, offset in
                        KafkaStart(partition, offset.map { .at($0) } ?? link.configuration.beginning)
                    })
            } catch {
                link.troubles.note(error)
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func batch(_ records: [KafkaRecord]) -> Batch {
        var chunks: [LogChunk] = []
        var ends: [KafkaPartition: Int64] = [:]
        for record in records {
            switch reader.content(of: record) {
            case .message(.log(let chunk)): chunks.append(chunk)
            case .message(let other): link.dead.setAside(record, .misplaced(other), reader: Self.name)
            case .faulty(let fault): link.dead.setAside(record, fault, reader: Self.name)
            case .foreign: link.dead.noteForeign()
            }
            ends[KafkaPartition(record.topic, record.partition)] = record.offset + 1
        }
        return Batch(chunks: chunks, ends: ends.map { KafkaOffset($0.key, $0.value) })
    }

    private func commit(_ positions: LogPositions, _ consumer: KafkaConsumer) async {
        guard link.configuration.keepsPositions else { return }
        do throws(KafkaError) {
            try await positions.commit(with: consumer)
        } catch {
            link.troubles.note(error)
        }
    }
}
