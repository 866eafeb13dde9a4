import Kafka
import Testing

@Suite struct ProducerTests {
    @Test func anIdempotentProducerLosesNothingWhileTheBrokerIsDown() async throws {
        try await withBroker { broker, topic in
            let producer = try KafkaProducer(broker.settings.overridden(by: ["message.timeout.ms": "0"]))
            _ = try await producer.send(KafkaMessage(topic, "0"))
            try await broker.setDown()
            let deliveries = Journal<Result<KafkaDelivery, KafkaError>>()
            for number in 1...200 {
                try producer.produce(KafkaMessage(topic, "\(number)")) { deliveries.append($0) }
            }
            // It is down for good: nothing is answered, and a flush says so.
            let late = await kafkaError { try await producer.flush(timeout: .milliseconds(300)) }
            #expect(late?.code == .timedOut)
            #expect(producer.outstanding == 200 && deliveries.entries.isEmpty)
            try await broker.setUp()
            try await producer.flush(timeout: .seconds(30))
            #expect(producer.outstanding == 0)
            #expect(try deliveries.entries.map { try $0.get().offset } == Array(1...200))

            let reader = try Reader(broker.settings)
            try await reader.consumer.assign([KafkaStart(topic, 0, .beginning)])
            try await reader.consumer.readToEnd(of: [KafkaPartition(topic, 0)])
            #expect(reader.records.entries.map(\.text) == (0...200).map(String.init))
            await reader.consumer.close()
            await producer.close()
        }
    }

    @Test func aTopicsOwnTimeLimitEndsItsMessagesAlone() async throws {
        try await withBroker { broker, topic in
            try await broker.createTopic("presence", partitions: 1)
            let producer = try KafkaProducer(
                broker.settings.overridden(by: ["message.timeout.ms": "0"]),
                topicSettings: ["presence": ["message.timeout.ms": "500"]])
            _ = try await producer.send(KafkaMessage(topic, "warm"))
            try await broker.setDown()
            let results = Journal<Result<KafkaDelivery, KafkaError>>()
            try producer.produce(KafkaMessage(topic, "result")) { results.append($0) }
            let error = await kafkaError { _ = try await producer.send(KafkaMessage("presence", "beat")) }
            #expect(error?.code == .messageTimedOut && error?.isRetriable == true)
            #expect(results.entries.isEmpty && producer.outstanding == 1)
            try await broker.setUp()
            let delivered = try await results.wait(count: 1)
            #expect(throws: Never.self) { try delivered[0].get() }
            // The time limit has not spoilt the producer.
            #expect(try await producer.send(KafkaMessage("presence", "beat")).offset >= 0)
            await producer.close()
        }
    }

    @Test func aPurgeAnswersEverythingAndTheProducerGoesOn() async throws {
        try await withBroker { broker, topic in
            let producer = try KafkaProducer(broker.settings.overridden(by: ["message.timeout.ms": "0"]))
            _ = try await producer.send(KafkaMessage(topic, "0"))
            try await broker.setDown()
            let answers = Journal<Result<KafkaDelivery, KafkaError>>()
            for number in 1...50 { try producer.produce(KafkaMessage(topic, "\(number)")) { answers.append($0) } }
            try producer.purge()
            for answer in try await answers.wait(count: 50) {
                guard case .failure(let error) = answer else { continue }
                #expect(error.code == .purgedInQueue || error.code == .purgedInFlight)
            }
            #expect(answers.entries.allSatisfy { if case .failure = $0 { true } else { false } })
            #expect(producer.outstanding == 0)
            try await broker.setUp()
            #expect(try await producer.send(KafkaMessage(topic, "after")).offset == 1)
            await producer.close()
        }
    }

    @Test func aFullQueueIsATypedError() async throws {
        try await withBroker { broker, topic in
            try await broker.setDown()
            let producer = try KafkaProducer(broker.settings.overridden(by: ["queue.buffering.max.messages": "3"]))
            let answers = Journal<Result<KafkaDelivery, KafkaError>>()
            for _ in 1...3 { try producer.produce(KafkaMessage(topic, "x")) { answers.append($0) } }
            let error = await kafkaError { try producer.produce(KafkaMessage(topic, "x")) { answers.append($0) } }
            #expect(error?.code == .queueFull && error?.isRetriable == true)
            #expect(error?.subject == .topic(topic))
            #expect(producer.outstanding == 3)
            await producer.close()
            #expect(answers.entries.count == 3)
        }
    }

    @Test func aMessageTooLargeIsATypedError() async throws {
        try await withBroker { broker, topic in
            let producer = try KafkaProducer(broker.settings)
            let message = KafkaMessage(topic: topic, value: [UInt8](repeating: 7, count: 2_000_000))
            let error = try #require(await kafkaError { _ = try await producer.send(message) })
            #expect(error.code == .messageTooLarge && !error.isRetriable)
            #expect(error.description.contains("message.max.bytes"))
            #expect(producer.outstanding == 0)
            await producer.close()
        }
    }

    @Test func aPartitionThatIsNotThereIsAnError() async throws {
        try await withBroker { broker, topic in
            let producer = try KafkaProducer(broker.settings)
            let error = await kafkaError { _ = try await producer.send(KafkaMessage(topic, "x", partition: 9)) }
            #expect(error?.code == .unknownPartition)
            await producer.close()
        }
    }

    @Test func closeAnswersWhatIsOutstandingAndMayBeCalledAgain() async throws {
        try await withBroker { broker, topic in
            try await broker.setDown()
            let producer = try KafkaProducer(broker.settings.overridden(by: ["message.timeout.ms": "0"]))
            let answers = Journal<Result<KafkaDelivery, KafkaError>>()
            for _ in 1...100 { try producer.produce(KafkaMessage(topic, "x")) { answers.append($0) } }
            async let flushed = kafkaError { try await producer.flush(timeout: .seconds(60)) }
            await producer.close()
            #expect(answers.entries.count == 100)
            #expect(await flushed?.code != .timedOut)
            await producer.close()
            #expect(await kafkaError { _ = try await producer.send(KafkaMessage(topic, "x")) }?.code == .closed)
            #expect(await kafkaError { try producer.purge() }?.code == .closed)
        }
    }

    @Test func aFatalErrorIsToldAndANewProducerTakesOver() async throws {
        try await withBroker { broker, topic in
            let events = Journal<KafkaProducer.Event>()
            let producer = try KafkaProducer(broker.settings, onEvent: { events.append($0) })
            _ = try await producer.send(KafkaMessage(topic, "0"))
            try producer.provokeFatalError("for a test")
            let told = try await events.wait { events in
                events.contains { if case .fatal = $0 { true } else { false } }
            }
            let fatal = told.compactMap { if case .fatal(let error) = $0 { error } else { nil } }
            #expect(fatal.first?.isFatal == true && fatal.first?.isRetriable == false)
            #expect(fatal.first?.name == "OUT_OF_ORDER_SEQUENCE_NUMBER")
            let refusal = await kafkaError { _ = try await producer.send(KafkaMessage(topic, "1")) }
            #expect(refusal?.isFatal == true, "\(refusal.debugDescription)")
            await producer.close()
            let next = try KafkaProducer(broker.settings)
            #expect(try await next.send(KafkaMessage(topic, "1")).offset == 1)
            await next.close()
        }
    }

    @Test func aDeliveryHandlerMayProduce() async throws {
        try await withBroker { broker, topic in
            let producer = try KafkaProducer(broker.settings)
            let answers = Journal<Result<KafkaDelivery, KafkaError>>()
            try producer.produce(KafkaMessage(topic, "0")) { first in
                answers.append(first)
                do throws(KafkaError) {
                    try producer.produce(KafkaMessage(topic, "1")) { answers.append($0) }
                } catch { answers.append(.failure(error)) }
            }
            #expect(try await answers.wait(count: 2).map { try $0.get().offset } == [0, 1])
            await producer.close()
        }
    }

    @Test func aBrokerOutOfReachIsTold() async throws {
        let events = Journal<KafkaProducer.Event>()
        // Port 1 is nobody's.
        let producer = try KafkaProducer(
            ["bootstrap.servers": "127.0.0.1:1"], onEvent: { events.append($0) })
        try await events.wait(count: 1)
        await producer.close()
    }

    @Test func aProducerThatIsForgottenAnswersWhatItHad() async throws {
        try await withBroker { broker, topic in
            try await broker.setDown()
            let answers = Journal<Result<KafkaDelivery, KafkaError>>()
            do {
                let producer = try KafkaProducer(broker.settings)
                try producer.produce(KafkaMessage(topic, "x")) { answers.append($0) }
            }
            try await answers.wait(count: 1)
        }
    }
}
