package import AgentProtocol
internal import Kafka
package import Model

/// Looks once at who is there, for a command beside the controller: no link, nothing kept, nothing written.
package struct PresenceReader: Sendable {
    /// A presence as it was sent.
    package struct Heard: Equatable, Sendable {
        package var presence: Presence
        /// By the clock of the agent's machine, where the broker keeps none of its own.
        package var time: Timestamp
    }

    /// How far back reading begins in each partition: an agent writes 5 presences within a lease, and some more when
    /// something changes.
    private static let tail: Int64 = 1000

    private let configuration: KafkaLinkConfiguration
    private let address: BrokerAddress

    package init(_ configuration: KafkaLinkConfiguration, address: BrokerAddress) {
        self.configuration = configuration
        self.address = address
    }

    /// Hands over what has been said lately, each agent's in its order, until all that is there when it is called has
    /// been; then goes on for as long as `isEnough` says no, and `limit` allows.
    ///
    /// - Throws: `KafkaError` where the broker doesn't answer in time. No topic means that nobody has ever been there.
    package func read(
        within limit: Duration, isEnough: @escaping @Sendable () -> Bool = { true },
        _ take: @escaping @Sendable (Heard) -> Void
    ) async throws {
        let deadline = ContinuousClock.now + limit
        let settings = ClientSettings(configuration: configuration, address: address)
        let topic = configuration.topics.presence
        let admin = try KafkaAdmin(settings.admin)
        let count: Int?
        do throws(KafkaError) {
            count = try await admin.partitionCount(of: topic, timeout: limit)
        } catch {
            await admin.close()
            throw error
        }
        await admin.close()
        guard let count else { return }
        // What is no presence is the leading controller's to set aside.
        let records = RecordReader(installation: configuration.installation)
        let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let consumer = try KafkaConsumer(settings.consumer(wait: ClientSettings.slowWait)) { batch in
            for record in batch {
                guard case .message(.presence(let presence)) = records.content(of: record) else { continue }
                take(Heard(presence: presence, time: Timestamp(microseconds: (record.timestamp ?? 0) * 1000)))
            }
            signal.yield()
        }
        do {
            let partitions = KafkaPartition.all(of: topic, [topic: count])
            let ends = try await consumer.endOffsets(of: partitions, timeout: limit)
            try await consumer.assign(
                ends.map { KafkaStart($0.partition, .at(max(0, $0.offset - Self.tail))) })
            try await consumer.readToEnd(of: partitions, timeout: max(.milliseconds(100), deadline - .now))
            if !isEnough() { await wait(for: signals, until: deadline, isEnough) }
        } catch {
            await consumer.close()
            throw error
        }
        await consumer.close()
    }

    private func wait(
        for signals: AsyncStream<Void>, until deadline: ContinuousClock.Instant,
        _ isEnough: @escaping @Sendable () -> Bool
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in signals where isEnough() { return } }
            group.addTask { try? await Task.sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
    }
}
