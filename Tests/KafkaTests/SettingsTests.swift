import Testing

@testable import Kafka

@Suite struct SettingsTests {
    @Test func laterSettingsOverrideEarlierOnes() {
        let settings = KafkaSettings(bootstrapServers: "a:1").overridden(by: ["bootstrap.servers": "b:2", "acks": "1"])
        #expect(settings.bootstrapServers == "b:2")
        #expect(settings["acks"] == "1")
        #expect(settings["linger.ms"] == nil)
    }

    @Test(arguments: [
        "sasl.password", "ssl.key.password", "ssl.key.pem", "ssl.keystore.password", "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.config",
    ])
    func secretsNeverShow(_ name: String) {
        let settings = KafkaSettings([.init("sasl.username", "martin"), .init(name, "hunter2")])
        var dumped = ""
        dump(settings, to: &dumped)
        for text in ["\(settings)", String(reflecting: settings), "\(settings.properties)", dumped] {
            #expect(text.contains("martin") && text.contains(name) && !text.contains("hunter2"))
        }
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let name: String
        let value: String
        let reason: String
        var testDescription: String { "\(name)=\(value)" }
    }

    @Test(arguments: [
        Mistake(name: "no.such.thing", value: "1", reason: "No such configuration property"),
        Mistake(name: "linger.ms", value: "soon", reason: "Invalid value"),
        Mistake(name: "acks", value: "99999", reason: "outside allowed range"),
        Mistake(name: "security.protocol", value: "magic", reason: "Invalid value"),
    ])
    func aBadPropertyIsNamedWithTheReason(_ mistake: Mistake) async throws {
        let settings = KafkaSettings([.init(mistake.name, mistake.value)])
        let error = try #require(await kafkaError { _ = try KafkaProducer(settings) })
        #expect(error.code == .invalidArgument)
        #expect(error.subject == .property(mistake.name))
        #expect(error.description.contains(mistake.name) && error.description.contains(mistake.reason))
        #expect(!error.isRetriable && !error.isFatal)
    }

    @Test func aTopicsBadPropertyIsNamedToo() async throws {
        let error = try #require(
            await kafkaError { _ = try KafkaProducer([:], topicSettings: ["a": ["message.timeout.ms": "never"]]) })
        #expect(error.subject == .property("message.timeout.ms"))
    }

    @Test func settingsThatContradictEachOtherAreRefused() async throws {
        let error = try #require(await kafkaError { _ = try KafkaProducer(["acks": "1"]) })
        #expect(error.description.contains("acks"))
    }
}

@Suite struct ReplyTests {
    @Test func aReplyIsGivenOnceAndItsNumberUsedAgain() {
        var replies = Replies<String>()
        let first = replies.insert("a")
        let second = replies.insert("b")
        #expect(first != 0 && second != first && replies.count == 2)
        #expect(replies.remove(first) == "a")
        #expect(replies.remove(first) == nil)
        #expect(replies.insert("c") == first)
        #expect(replies.removeAll().sorted() == ["b", "c"])
        #expect(replies.count == 0 && replies.remove(second) == nil)
    }
}

@Suite struct PollTimeoutTests {
    static let examples: [(Duration, Int32)] = [
        (.zero, 0), (.seconds(-3), 0), (.nanoseconds(1), 1), (.milliseconds(7), 7), (.microseconds(7001), 8),
        (.seconds(60), 60_000), (.seconds(99_999_999), 2_000_000_000),
    ]

    @Test(arguments: examples)
    func aTimeIsRoundedUpToMilliseconds(_ duration: Duration, _ expected: Int32) {
        #expect(duration.roundedUpMilliseconds == expected)
    }
}
