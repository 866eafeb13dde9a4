import Presentation
import Testing

@testable import martlet

@Suite struct SettingsTests {
    private func values(
        flags: [(name: String, texts: [String])] = [], _ environment: [String: String] = [:], file: String? = nil
    ) -> SettingValues {
        SettingValues(flags: flags, environment: { environment[$0] }, dotEnv: file.map { (".env", $0) })
    }

    @Test func aFlagGoesBeforeAVariableBeforeTheFileBeforeTheDefault() {
        let file = "A=1\n\nMARTLET_STATE=from-file\n"
        let variable = ["MARTLET_STATE": "from-variable"]
        let flag = [Settings.state.given("from-flag")]
        #expect(
            values(flags: flag, variable, file: file).value(Settings.state)
                == .init(texts: ["from-flag"], origin: .flag))
        #expect(
            values(variable, file: file).value(Settings.state) == .init(texts: ["from-variable"], origin: .variable))
        #expect(
            values(file: file).value(Settings.state)
                == .init(texts: ["from-file"], origin: .dotEnv(file: ".env", line: 3)))
        #expect(values().value(Settings.state) == .init(texts: [".martlet"], origin: .fallback))
        #expect(values().value(Settings.kafka) == .init(texts: [], origin: .unset))
    }

    @Test(arguments: [
        (
            "a slip of the hand", ["MARTLET_STAET"],
            ["unknown setting MARTLET_STAET in the environment (did you mean MARTLET_STATE?)"]
        ),
        (
            "what a cluster makes of a service's name",
            ["MARTLET_SERVICE_HOST", "MARTLET_PORT", "MARTLET_PORT_9092_TCP_ADDR"], []
        ),
        ("a secret", ["MARTLET_SECRET_STATE"], []),
        ("somebody else's", ["MARLET_STATE", "STATE"], []),
        ("within a stage, whose own variables are alike", ["MARTLET_FENCE", "MARTLET_STAGE"], []),
    ])
    func aVariableThatNearlyNamesASettingIsAnError(_ name: String, _ variables: [String], _ expected: [String]) {
        let values = SettingValues(flags: [], environment: { _ in nil }, variables: variables, dotEnv: nil)
        #expect(values.problems == expected, "\(name)")
    }

    @Test func aFlagThatWasNotGivenHidesNothing() {
        #expect(
            values(flags: [Settings.state.given(nil as String?)], ["MARTLET_STATE": "x"]).text(Settings.state) == "x")
        #expect(values(flags: [Settings.label.given([])], ["MARTLET_LABEL": "a=b"]).text(Settings.label) == "a=b")
    }

    @Test(arguments: [
        ("plain", "MARTLET_STATE=dir", "dir"),
        ("spaces around", "  MARTLET_STATE = dir  ", "dir"),
        ("double quotes", "MARTLET_STATE=\"a dir\"", "a dir"),
        ("single quotes", "MARTLET_STATE='a dir'", "a dir"),
        ("a comment behind", "MARTLET_STATE=dir # where", "dir"),
        ("a # within", "MARTLET_STATE=dir#1", "dir#1"),
        ("a # in quotes", "MARTLET_STATE=\"dir # 1\"", "dir # 1"),
        ("export before", "export MARTLET_STATE=dir", "dir"),
        ("a byte order mark before", "\u{FEFF}MARTLET_STATE=dir", "dir"),
        ("the line ends of Windows", "# where\r\nMARTLET_STATE=dir\r\nMARTLET_SLOTS=2\r\n", "dir"),
        ("a carriage return at the end", "MARTLET_STATE=dir\r", "dir"),
        ("an equals sign within", "MARTLET_STATE=a=b", "a=b"),
        ("nothing", "MARTLET_STATE=", ".martlet"),
        ("nothing in quotes", "MARTLET_STATE=\"\"", ".martlet"),
        ("the last line counts", "MARTLET_STATE=one\nMARTLET_STATE=two", "two"),
        ("the last line counts, also with nothing", "MARTLET_STATE=one\nMARTLET_STATE=", ".martlet"),
    ])
    func aLineOfTheFile(_ name: String, _ text: String, _ expected: String) {
        let values = values(file: text)
        #expect(values.text(Settings.state) == expected, "\(name)")
        #expect(values.problems.isEmpty, "\(name)")
    }

    @Test(arguments: [
        ("no equals sign", "# fine\nMARTLET_STATE", ".env:2:1: error: is not of the form NAME=value"),
        (
            "a slip of the hand", "MARTLET_STAET=x",
            ".env:1:1: error: unknown setting MARTLET_STAET (did you mean MARTLET_STATE?)"
        ),
        (
            "nothing like it", "MARTLET_BANANAS_AND_MORE=x",
            ".env:1:1: error: unknown setting MARTLET_BANANAS_AND_MORE (`martlet config` lists them)"
        ),
        (
            "an open quote", "MARTLET_STATE=\"x",
            ".env:1:1: error: the value of MARTLET_STATE has no closing quote"
        ),
        (
            "no number", "MARTLET_SLOTS=many",
            ".env:1: MARTLET_SLOTS: must be a whole number from 1 to 1000, but is \"many\""
        ),
    ])
    func aMistakeInTheFile(_ name: String, _ text: String, _ expected: String) {
        #expect(values(file: text).problems == [expected], "\(name)")
    }

    @Test func otherProgramsLinesAndSecretsAreLeftAlone() {
        #expect(values(file: "PATH=x\nMARTLET_SECRET_TOKEN=abc\n").problems.isEmpty)
    }

    @Test(arguments: [
        (Settings.slots, "0", "--slots: must be a whole number from 1 to 1000, but is \"0\""),
        (Settings.output, "jsno", "--output: \"jsno\" is not one of text, json (did you mean json?)"),
        (Settings.label, "arch", "--label: must be of the form KEY=VALUE, but is \"arch\""),
        (Settings.keepWorkspace, "maybe", "--keep-workspace: must be true or false, but is \"maybe\""),
        (
            Settings.kafkaProperty, "hunter2",
            "--kafka-property: must be of the form KEY=VALUE; what stands between two commas is not"
        ),
    ])
    func aMistakeInAFlag(_ setting: Setting, _ text: String, _ expected: String) {
        #expect(values(flags: [(setting.name, [text])]).problems == [expected])
    }

    @Test func aListIsSplitAtCommasInAVariable() {
        let values = values(["MARTLET_LABEL": "arch=arm64,os=linux=x"])
        #expect(values.pairs(Settings.label).map(\.key) == ["arch", "os"])
        #expect(values.pairs(Settings.label).map(\.value) == ["arm64", "linux=x"])
    }

    private struct PropertyCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var flags: [String] = []
        var environment: [String: String] = [:]
        var file: String?
        var expected: [String]
        var origin: SettingValues.Origin
    }

    @Test(arguments: [
        PropertyCase(
            testDescription: "commas, equals signs and line feeds are part of the value",
            environment: [
                "MARTLET_KAFKA_PROPERTY_SASL_PASSWORD": "a,b=c",
                "MARTLET_KAFKA_PROPERTY_SSL_KEY_PEM": "-----\nMC=\n-----",
            ],
            expected: ["sasl.password=a,b=c", "ssl.key.pem=-----\nMC=\n-----"], origin: .variable),
        PropertyCase(
            testDescription: "they add to the list, and win over it",
            environment: [
                "MARTLET_KAFKA_PROPERTY": "sasl.username=a,client.id=x", "MARTLET_KAFKA_PROPERTY_SASL_USERNAME": "b",
            ],
            expected: ["sasl.username=a", "client.id=x", "sasl.username=b"], origin: .variable),
        PropertyCase(
            testDescription: "a flag wins over them", flags: ["client.id=y"],
            environment: ["MARTLET_KAFKA_PROPERTY_CLIENT_ID": "x"], expected: ["client.id=x", "client.id=y"],
            origin: .flag),
        PropertyCase(
            testDescription: "the environment wins over the file",
            environment: ["MARTLET_KAFKA_PROPERTY_CLIENT_ID": "x"],
            file: "MARTLET_KAFKA_PROPERTY_CLIENT_ID=y\nMARTLET_KAFKA_PROPERTY_SASL_MECHANISM=PLAIN",
            expected: ["client.id=y", "sasl.mechanism=PLAIN", "client.id=x"], origin: .variable),
        PropertyCase(
            testDescription: "the file alone", file: "MARTLET_KAFKA_PROPERTY_CLIENT_ID=y", expected: ["client.id=y"],
            origin: .dotEnv(file: ".env", line: 1)),
        PropertyCase(
            testDescription: "a name without a property is none",
            environment: ["MARTLET_KAFKA_PROPERTY_": "x"], expected: [], origin: .unset),
    ])
    private func aPropertyOfKafkaMayHaveAVariableOfItsOwn(_ example: PropertyCase) {
        let values = SettingValues(
            flags: [Settings.kafkaProperty.given(example.flags)], environment: { example.environment[$0] },
            variables: Array(example.environment.keys), dotEnv: example.file.map { (".env", $0) })
        #expect(values.value(Settings.kafkaProperty) == .init(texts: example.expected, origin: example.origin))
    }

    @Test func aVariableOfAPropertyOfKafkaIsNoSlipOfTheHand() {
        let values = SettingValues(
            flags: [], environment: { _ in "x" }, variables: ["MARTLET_KAFKA_PROPERTY_DEBUG"], dotEnv: nil)
        #expect(values.value(Settings.kafkaProperty).texts.contains("debug=x"))
        #expect(!values.problems.contains { $0.contains("DEBUG") })
    }

    @Test func filesAreSplitAtCommasToo() {
        let values = values(["MARTLET_VERIFY_KEY": "old.pem,new.pem"])
        #expect(values.value(Settings.verifyKey).texts == ["old.pem", "new.pem"])
        #expect(values.problems.isEmpty)
    }

    @Test func namesOfSettingsAndVariablesAreUnique() {
        #expect(Set(Settings.table.map(\.name)).count == Settings.table.count)
        #expect(Set(Settings.table.map(\.variable)).count == Settings.table.count)
        #expect(Settings.kafkaProperty.variable == "MARTLET_KAFKA_PROPERTY")
    }

    @Test func configHidesSecretsAndNamesTheirKeys() {
        let values = values(["MARTLET_KAFKA_PROPERTY": "sasl.password=hunter2"])
        let text = ConfigCommand.table(values).lines(width: nil).rendered(colour: false)
        #expect(!text.contains("hunter2"))
        #expect(text.contains("sasl.password=***"))
        #expect(text.split(separator: "\n").count == Settings.table.count + 1)
    }

    @Test(
        arguments: [
            (["b:1"], ["no.such=1"], #"--kafka-property: Kafka: property no.such: No such configuration property"#),
            (
                ["b:1"], ["security.protocol=SALS_SSL"],
                "--kafka-property: Kafka: property security.protocol: Invalid value"
            ),
            ([], ["fetch.min.bytes=1"], "--kafka-property says nothing without --kafka"),
            ([""], [], "--kafka is empty"),
        ] as [([String], [String], String)])
    func `what librdkafka would refuse is refused at once`(
        _ brokers: [String], _ properties: [String], _ expected: String
    ) throws {
        let flags = [(Settings.kafka.name, brokers), (Settings.kafkaProperty.name, properties)].filter { !$0.1.isEmpty }
        let values = SettingValues(
            flags: flags.map { (name: $0.0, texts: $0.1) }, environment: { _ in nil }, dotEnv: nil)
        let failure = try #require(throws: CommandFailure.self) { try values.kafka() }
        #expect(failure.code == CommandFailure.badInput)
        #expect(failure.lines.first?.hasPrefix(expected) == true, "\(failure.lines)")
    }
}
