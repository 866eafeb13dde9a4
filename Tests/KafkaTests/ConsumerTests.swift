import Kafka
import Testing

@Suite struct ConsumerTests {
    @Test(arguments: TestCluster.all)
    func aRecordComesBackAsItWasProduced(_ cluster: TestCluster) async throws {
        try await cluster.withTopic(partitions: 3) { settings, topic in
            let producer = try KafkaProducer(settings)
            let reader = try Reader(settings)
            let messages = [
                KafkaMessage(
                    topic: topic, partition: 2, key: Array("run/stage/1".utf8), value: [0, 255, 10],
                    headers: [KafkaHeader("ce_type", "claimed"), KafkaHeader("x", [0, 1]), KafkaHeader("x", [])]),
                KafkaMessage(topic: topic, partition: 2, key: nil, value: nil),
                KafkaMessage(topic: topic, partition: 2, key: [], value: []),
            ]
            var offsets: [Int64] = []
            for message in messages { offsets.append(try await producer.send(message).offset) }
            #expect(offsets == [0, 1, 2])
            try await reader.consumer.assign((0..<3).map { KafkaStart(topic, $0, .beginning) })
            let records = try await reader.records.wait(count: 3)
            for (record, message) in zip(records, messages) {
                #expect(record.topic == topic && record.partition == 2)
                #expect(record.key == message.key && record.value == message.value)
                #expect(record.headers == message.headers)
                #expect((record.timestamp ?? 0) > 1_600_000_000_000)
            }
            #expect(records.map(\.offset) == offsets)
            #expect(records[0].header("ce_type") == Array("claimed".utf8) && records[0].header("x") == [])
            await reader.consumer.close()
            await producer.close()
        }
    }

    @Test(arguments: TestCluster.all)
    func manyRecordsComeInOrderAndKeysStayTogether(_ cluster: TestCluster) async throws {
        try await cluster.withTopic(partitions: 4) { settings, topic in
            let producer = try KafkaProducer(settings)
            let reader = try Reader(settings)
            try await reader.consumer.assign((0..<4).map { KafkaStart(topic, $0, .beginning) })
            let count = 20_000
            for number in 0..<count {
                let message = KafkaMessage(
                    topic: topic, key: Array("\(number % 10)".utf8), value: Array("\(number)".utf8))
                try producer.produce(message) { _ in }
            }
            try await producer.flush(timeout: .seconds(30))
            let records = try await reader.records.wait(count: count)
            #expect(records.count == count)
            for key in 0..<10 {
                let mine = records.filter { $0.key == Array("\(key)".utf8) }
                #expect(Set(mine.map(\.partition)).count == 1)
                #expect(mine.map(\.text) == stride(from: key, to: count, by: 10).map(String.init))
            }
            #expect(Set(records.map(\.partition)).count > 1)
            await reader.consumer.close()
            await producer.close()
        }
    }

    struct Place: Sendable, CustomTestStringConvertible {
        let start: KafkaStart.Place
        let expected: [String]
        var testDescription: String { "\(start)" }
    }

    @Test(
        arguments: TestCluster.all,
        [
            Place(start: .beginning, expected: ["0", "1", "2", "3", "4", "new"]),
            Place(start: .at(3), expected: ["3", "4", "new"]),
            Place(start: .at(5), expected: ["new"]),
            Place(start: .end, expected: ["new"]),
        ])
    func readingBeginsAtThePlaceAskedFor(_ cluster: TestCluster, _ place: Place) async throws {
        try await cluster.withTopic { settings, topic in
            let producer = try KafkaProducer(settings)
            for number in 0..<5 { _ = try await producer.send(KafkaMessage(topic, "\(number)")) }
            let reader = try Reader(settings)
            try await reader.consumer.assign([KafkaStart(topic, 0, place.start)])
            try await reader.consumer.readToEnd(of: [KafkaPartition(topic, 0)])
            #expect(reader.consumer.position(of: KafkaPartition(topic, 0)) == 5)
            _ = try await producer.send(KafkaMessage(topic, "new"))
            try await reader.consumer.readToEnd(of: [KafkaPartition(topic, 0)])
            #expect(reader.records.entries.map(\.text) == place.expected)
            await reader.consumer.close()
            await producer.close()
        }
    }

    @Test func anAssignmentIsReplacedAddedToAndReduced() async throws {
        try await withBroker(partitions: 3) { broker, topic in
            let producer = try KafkaProducer(broker.settings)
            let parts = (0..<3).map { KafkaPartition(topic, $0) }
            func send(_ text: String) async throws {
                for part in parts {
                    _ = try await producer.send(
                        KafkaMessage(topic, "\(text)\(part.partition)", partition: part.partition))
                }
            }
            let reader = try Reader(broker.settings)
            let consumer = reader.consumer
            try await send("a")
            try await consumer.assign([KafkaStart(parts[0], .beginning)])
            try await consumer.readToEnd(of: [parts[0]])
            try await consumer.add([KafkaStart(parts[1], .beginning)])
            #expect(await kafkaError { try await consumer.add([KafkaStart(parts[1], .beginning)]) }?.code == .conflict)
            try await consumer.readToEnd(of: [parts[0], parts[1]])
            try await consumer.remove([parts[0]])
            #expect(await kafkaError { try await consumer.remove([parts[0]]) }?.code == .invalidArgument)
            #expect(consumer.position(of: parts[0]) == nil)
            try await send("b")
            try await consumer.readToEnd(of: [parts[1]])
            #expect(await kafkaError { try await consumer.readToEnd(of: [parts[0]]) }?.code == .state)
            #expect(reader.records.entries.map(\.text) == ["a0", "a1", "b1"])
            // The same partition again, from another place, and one more.
            try await consumer.assign([KafkaStart(parts[1], .at(1)), KafkaStart(parts[2], .at(1))])
            try await consumer.readToEnd(of: [parts[1], parts[2]])
            #expect(reader.records.entries.dropFirst(3).map(\.text).sorted() == ["b1", "b2"])
            try await consumer.assign([])
            try await send("c")
            #expect(consumer.position(of: parts[1]) == nil)
            await consumer.close()
            #expect(reader.records.entries.count == 5)
            await producer.close()
        }
    }

    @Test func aPausedPartitionWaitsAndLosesNothing() async throws {
        try await withBroker(partitions: 2) { broker, topic in
            let producer = try KafkaProducer(broker.settings)
            let reader = try Reader(broker.settings)
            let (first, second) = (KafkaPartition(topic, 0), KafkaPartition(topic, 1))
            try await reader.consumer.assign([KafkaStart(first, .at(0)), KafkaStart(second, .at(0))])
            try await reader.consumer.pause([first])
            for number in 0..<3 {
                _ = try await producer.send(KafkaMessage(topic, "p\(number)"))
                _ = try await producer.send(KafkaMessage(topic, "q\(number)", partition: 1))
            }
            try await reader.consumer.readToEnd(of: [second])
            #expect(reader.records.entries.map(\.text) == ["q0", "q1", "q2"])
            let late = await kafkaError {
                try await reader.consumer.readToEnd(of: [first, second], timeout: .milliseconds(200))
            }
            #expect(late?.code == .timedOut && late?.subject == .partition(first))
            try await reader.consumer.resume([first])
            try await reader.consumer.readToEnd(of: [first, second])
            #expect(reader.records.entries.map(\.text).suffix(3) == ["p0", "p1", "p2"])
            await reader.consumer.close()
            await producer.close()
        }
    }

    @Test(arguments: TestCluster.all)
    func offsetsAreCommittedWithoutJoiningAGroup(_ cluster: TestCluster) async throws {
        try await cluster.withTopic(partitions: 2) { settings, topic in
            let settings = settings.overridden(by: ["group.id": "group-of-\(topic)"])
            let (first, second) = (KafkaPartition(topic, 0), KafkaPartition(topic, 1))
            let producer = try KafkaProducer(settings)
            for number in 0..<4 { _ = try await producer.send(KafkaMessage(topic, "\(number)")) }
            let reader = try Reader(settings)
            try await reader.consumer.assign([KafkaStart(first, .beginning)])
            try await reader.consumer.readToEnd(of: [first])
            #expect(try await reader.consumer.committed([first, second]) == [nil, nil])
            try await reader.consumer.commit([KafkaOffset(first, 3)])
            #expect(try await reader.consumer.committed([second, first]) == [nil, 3])
            await reader.consumer.close()

            let next = try Reader(settings)
            try await next.consumer.assign([KafkaStart(first, .committed), KafkaStart(second, .committed)])
            try await next.consumer.readToEnd(of: [first, second])
            #expect(next.records.entries.map(\.text) == ["3"])
            await next.consumer.close()
            await producer.close()
        }
    }

    @Test(arguments: TestCluster.all)
    func endOffsetsOfManyPartitionsAreAskedForAtOnce(_ cluster: TestCluster) async throws {
        try await cluster.withTopic(partitions: 3) { settings, topic in
            let producer = try KafkaProducer(settings)
            for number in 0..<6 {
                _ = try await producer.send(KafkaMessage(topic, "x", partition: number < 2 ? 0 : 2))
            }
            let reader = try Reader(settings)
            let parts = (0..<3).map { KafkaPartition(topic, $0) }
            #expect(try await reader.consumer.endOffsets(of: parts.reversed()).map(\.offset) == [4, 0, 2])
            #expect(try await reader.consumer.queryOffsets(parts[2]) == KafkaWatermarks(low: 0, high: 4))
            #expect(try await reader.consumer.endOffsets(of: []).isEmpty)
            let unknown = await kafkaError {
                try await reader.consumer.readToEnd(of: [KafkaPartition(topic, 77)], timeout: .seconds(3))
            }
            #expect(unknown?.code == .unknownPartition && unknown?.subject == .partition(KafkaPartition(topic, 77)))
            await reader.consumer.close()
            await producer.close()
        }
    }

    @Test func readToEndFailsWhileFetchesAreNotAnsweredAndSucceedsAfterwards() async throws {
        try await withBroker { broker, topic in
            let part = KafkaPartition(topic, 0)
            let producer = try KafkaProducer(broker.settings.overridden(by: ["message.timeout.ms": "0"]))
            let reader = try Reader(broker.settings)
            try await reader.consumer.assign([KafkaStart(part, .beginning)])
            _ = try await producer.send(KafkaMessage(topic, "before"))
            #expect(try await reader.consumer.readToEnd(of: [part]).map(\.offset) == [1])
            try await broker.setDown()
            let answers = Journal<Result<KafkaDelivery, KafkaError>>()
            try producer.produce(KafkaMessage(topic, "meanwhile")) { answers.append($0) }
            let error = await kafkaError {
                try await reader.consumer.readToEnd(of: [part], timeout: .milliseconds(500))
            }
            #expect(error?.isRetriable == true)
            let uncommitted = await kafkaError {
                try await reader.consumer.commit([KafkaOffset(part, 1)], timeout: .milliseconds(300))
            }
            #expect(uncommitted?.code == .timedOut)
            try await reader.events.wait { events in
                events.contains { if case .failure = $0 { true } else { false } }
            }
            try await broker.setUp()
            try await answers.wait(count: 1)
            // A broker that is back may still be unknown to a question; its owner asks again.
            var ends: [KafkaOffset] = []
            for _ in 0..<50 where ends.isEmpty {
                if let found = try? await reader.consumer.readToEnd(of: [part], timeout: .seconds(5)) { ends = found }
            }
            #expect(ends.map(\.offset) == [2])
            #expect(reader.records.entries.map(\.text) == ["before", "meanwhile"])
            // Not even the commit that was given up holds this up.
            let start = ContinuousClock.now
            await reader.consumer.close()
            #expect(ContinuousClock.now - start < .seconds(10))
            await producer.close()
        }
    }

    /// A broker that has lost its memory gives no record by which it could be seen.
    @Test func aLogThatHasBegunAnewIsNoticedWhileItIsEmpty() async throws {
        try await withBroker { broker, topic in
            let part = KafkaPartition(topic, 0)
            let reader = try Reader(broker.settings)
            try await reader.consumer.assign([KafkaStart(part, .at(5))])
            let events = try await reader.events.wait { events in
                events.contains { if case .reachedEnd = $0 { true } else { false } }
            }
            let jumps = events.compactMap { event -> [Int64]? in
                if case .jumped(part, let expected, let found) = event { [expected, found] } else { nil }
            }
            #expect(jumps == [[5, 0]])
            await reader.consumer.close()
        }
    }

    @Test func aSlowHandlerHoldsUpReadingAndNothingIsLost() async throws {
        try await withBroker { broker, topic in
            let producer = try KafkaProducer(broker.settings)
            let gate = Gate()
            let batches = Journal<[String]>()
            let consumer = try KafkaConsumer(broker.settings) { records in
                batches.append(records.map(\.text))
                gate.pass()
            }
            try await consumer.assign([KafkaStart(topic, 0, .at(0))])
            _ = try await producer.send(KafkaMessage(topic, "0"))
            try await batches.wait(count: 1)
            for number in 1...3000 { try producer.produce(KafkaMessage(topic, "\(number)")) { _ in } }
            try await producer.flush(timeout: .seconds(30))
            #expect(batches.entries.count == 1)
            #expect(consumer.position(of: KafkaPartition(topic, 0)) == 0)
            gate.open()
            try await consumer.readToEnd(of: [KafkaPartition(topic, 0)])
            #expect(batches.entries.flatMap(\.self) == (0...3000).map(String.init))
            #expect(batches.entries.allSatisfy { $0.count <= 512 })
            await consumer.close()
            await producer.close()
        }
    }

    @Test func recordsThatWereDeletedUnreadShowAsAJump() async throws {
        try await withBroker { broker, topic in
            let producer = try KafkaProducer(broker.settings)
            let value = [UInt8](repeating: 1, count: 900_000)
            for _ in 0..<10 { _ = try await producer.send(KafkaMessage(topic: topic, partition: 0, value: value)) }
            let reader = try Reader(broker.settings)
            let marks = try await reader.consumer.queryOffsets(KafkaPartition(topic, 0))
            #expect(marks.low > 1 && marks.high == 10)
            try await reader.consumer.assign([KafkaStart(topic, 0, .at(1))])
            try await reader.consumer.readToEnd(of: [KafkaPartition(topic, 0)], timeout: .seconds(20))
            let jumps = reader.events.entries.compactMap { event -> [Int64]? in
                if case .jumped(_, let expected, let found) = event { [expected, found] } else { nil }
            }
            #expect(jumps == [[1, marks.low]])
            await reader.consumer.close()
            await producer.close()
        }
    }

    @Test func closeEndsAWaitingPollAndWhatWaits() async throws {
        try await withBroker { broker, topic in
            let reader = try Reader(broker.settings.overridden(by: ["fetch.wait.max.ms": "500"]))
            let part = KafkaPartition(topic, 0)
            try await reader.consumer.assign([KafkaStart(part, .at(0))])
            try await reader.events.wait(count: 1)
            try await reader.consumer.pause([part])
            let producer = try KafkaProducer(broker.settings)
            _ = try await producer.send(KafkaMessage(topic, "unread"))
            async let waiting = kafkaError { try await reader.consumer.readToEnd(of: [part], timeout: .seconds(600)) }
            let start = ContinuousClock.now
            await reader.consumer.close()
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(await waiting?.code == .closed)
            await reader.consumer.close()
            #expect(await kafkaError { try await reader.consumer.assign([]) }?.code == .closed)
            #expect(await kafkaError { try await reader.consumer.commit([KafkaOffset(part, 0)]) }?.code == .closed)
            #expect(await kafkaError { _ = try await reader.consumer.endOffsets(of: [part]) }?.code == .closed)
            await producer.close()
        }
    }

    @Test(.timeLimit(.minutes(1))) func closeDoesNotHangOnRecordsNobodyTook() async throws {
        try await withBroker { broker, topic in
            let producer = try KafkaProducer(broker.settings)
            for number in 0..<5000 { try producer.produce(KafkaMessage(topic, "\(number)")) { _ in } }
            try await producer.flush(timeout: .seconds(30))
            let gate = Gate()
            let batches = Journal<Int>()
            let consumer = try KafkaConsumer(broker.settings) { records in
                batches.append(records.count)
                gate.pass()
            }
            try await consumer.assign([KafkaStart(topic, 0, .beginning)])
            try await batches.wait(count: 1)
            // What is left has been fetched, or is about to be.
            #expect(batches.entries.reduce(0, +) < 5000)
            async let closed: Void = consumer.close()
            gate.open()
            await closed
            await producer.close()
        }
    }

    @Test func twoConsumersInOneProcessReadTheSame() async throws {
        try await withBroker { broker, topic in
            let producer = try KafkaProducer(broker.settings)
            let readers = try [Reader(broker.settings), Reader(broker.settings)]
            for reader in readers { try await reader.consumer.assign([KafkaStart(topic, 0, .beginning)]) }
            for number in 0..<100 { try producer.produce(KafkaMessage(topic, "\(number)")) { _ in } }
            for reader in readers {
                #expect(try await reader.records.wait(count: 100).map(\.text) == (0..<100).map(String.init))
            }
            await readers[0].consumer.close()
            _ = try await producer.send(KafkaMessage(topic, "last"))
            #expect(try await readers[1].records.wait(count: 101).last?.text == "last")
            await readers[1].consumer.close()
            await producer.close()
        }
    }

    @Test func aTopicThatIsNotThereIsToldWithItsName() async throws {
        try await withBroker { broker, topic in
            try await broker.setError(.unknownTopicOrPartition, of: topic)
            let reader = try Reader(broker.settings.overridden(by: ["topic.metadata.propagation.max.ms": "0"]))
            try await reader.consumer.assign([KafkaStart(topic, 0, .beginning)])
            let events = try await reader.events.wait(count: 1)
            guard case .partitionFailure(KafkaPartition(topic, 0), let error) = events[0] else {
                Issue.record("unexpected \(events)")
                return
            }
            #expect(error.code == .unknownTopicOrPartition && error.description.contains(topic))
            await reader.consumer.close()
        }
    }

    @Test(arguments: [KafkaError.Code.topicNotAuthorized, .unknownTopicOrPartition])
    func aTopicThatCannotBeDescribedEndsAQuestion(_ code: KafkaError.Code) async throws {
        try await withBroker { broker, topic in
            try await broker.setError(code, of: topic)
            let reader = try Reader(broker.settings)
            let part = KafkaPartition(topic, 0)
            try await reader.consumer.assign([KafkaStart(part, .beginning)])
            let error = await kafkaError { try await reader.consumer.readToEnd(of: [part], timeout: .seconds(2)) }
            #expect(error?.code == code && error?.subject == .partition(part), "\(error.debugDescription)")
            await reader.consumer.close()
        }
    }
}
