import Kafka
import Testing

@Suite struct AdminTests {
    @Test(arguments: TestCluster.all)
    func topicsAreListedWithTheirPartitions(_ cluster: TestCluster) async throws {
        try await cluster.withTopic(partitions: 5) { settings, topic in
            let admin = try KafkaAdmin(settings)
            try await admin.checkReachable()
            #expect(try await admin.partitionCount(of: topic) == 5)
            #expect(try await admin.topics().contains(KafkaTopic(name: topic, partitions: 5, error: nil)))
            #expect(try await admin.partitionCount(of: "nowhere") == nil)
            // Asking made none.
            #expect(try await !admin.topics().contains { $0.name == "nowhere" })
            await admin.close()
        }
    }

    @Test func aClusterOutOfReachIsSaidToBeSo() async throws {
        // Port 1 is nobody's.
        let admin = try KafkaAdmin(["bootstrap.servers": "127.0.0.1:1"])
        let error = try #require(await kafkaError { try await admin.checkReachable(timeout: .milliseconds(700)) })
        #expect(error.isRetriable && error.description.contains("127.0.0.1:1"))
        await admin.close()
        #expect(await kafkaError { try await admin.checkReachable() }?.code == .closed)
    }

    @Test func theEmbeddedBrokerMakesTopicsFromWithinOnly() async throws {
        let broker = try EmbeddedBroker()
        #expect(broker.bootstrapServers.hasPrefix("127.0.0.1:"))
        let admin = try KafkaAdmin(broker.settings)
        let spec = KafkaTopicSpec("a", partitions: 2)
        let error = await kafkaError { try await admin.createTopics([spec], timeout: .seconds(1)) }
        #expect(error?.code == .timedOut)
        try await broker.createTopic("a", partitions: 2)
        try await broker.createTopic("a", partitions: 7)
        #expect(try await admin.partitionCount(of: "a") == 2)
        await admin.close()
        await broker.close()
        await broker.close()
        #expect(await kafkaError { try await broker.createTopic("b", partitions: 1) }?.code == .closed)
    }

    @Test(arguments: TestCluster.all.dropFirst())
    func aTopicThatExistsIsFine(_ cluster: TestCluster) async throws {
        try await cluster.withTopic(partitions: 2) { settings, topic in
            let admin = try KafkaAdmin(settings)
            let other = KafkaTopicSpec("\(topic).other", partitions: 3, configuration: ["retention.ms": "600000"])
            #expect(try await admin.createTopics([KafkaTopicSpec(topic, partitions: 9), other]) == [other.name])
            let wrong = KafkaTopicSpec("\(topic).wrong", partitions: 1, configuration: ["no.such.setting": "1"])
            let error = await kafkaError { try await admin.createTopics([wrong]) }
            #expect(error?.subject == .topic(wrong.name))
            await admin.close()
        }
    }

    @Test func logLinesGoToTheOwner() async throws {
        let lines = Journal<KafkaLogLine>()
        let admin = try KafkaAdmin(["bootstrap.servers": "127.0.0.1:1"], log: { lines.append($0) })
        try await lines.wait { $0.contains { $0.level <= 4 && $0.text.contains("127.0.0.1:1") } }
        await admin.close()
    }
}
