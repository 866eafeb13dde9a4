import Kafka
import Synchronization

/// How far a log reader's store has everything, and how far that is committed.
final class LogPositions: Sendable {
    private struct State {
        var stored: [KafkaPartition: Int64] = [:]
        var committed: [KafkaPartition: Int64] = [:]
    }

    private let state = Mutex(State())

    func note(stored ends: [KafkaOffset]) {
        state.withLock { state in
            for end in ends { state.stored[end.partition] = end.offset }
        }
    }

    func commit(with consumer: KafkaConsumer) async throws(KafkaError) {
        let offsets = state.withLock { state in
            state.stored.filter { state.committed[$0.key] != $0.value }.map { KafkaOffset($0.key, $0.value) }
        }
        guard !offsets.isEmpty else { return }
        try await consumer.commit(offsets)
        state.withLock { state in
            for offset in offsets { state.committed[offset.partition] = offset.offset }
        }
    }
}
