import ArgumentParser
import Model
import Presentation
import Stores
import Testing

@testable import martlet

@Suite struct CommandTests {
    @Test(arguments: [
        (["get"], "get"), (["get", "pipelines", "a", "b", "-o", "json"], "get"),
        (["get", "mrun", "--pipeline", "p", "--limit", "3", "--state", "s"], "get"),
        (["explain", "x"], "explain"), (["explain", "x", "test", "--json", "--kafka", "h:1"], "explain"),
        (["describe", "x"], "describe"), (["describe", "pipeline", "x"], "describe"),
        (["logs", "x"], "logs"), (["logs", "x", "test", "-f"], "logs"), (["logs", "x", "t", "--attempt", "2"], "logs"),
        (["cancel", "a", "b"], "cancel"), (["pause", "a"], "pause"), (["resume", "a"], "resume"),
        (["rerun", "a"], "rerun"),
        (["approve", "a", "release"], "approve"), (["approve", "a", "release", "--reject"], "approve"),
        (["drain"], "drain"), (["drain", "a", "b"], "drain"), (["drain", "--undo", "a", "--state", "s"], "drain"),
        (["start", "p", "--param", "a=b", "--param", "c=", "--revision", "main", "--priority", "-5"], "start"),
        (["broker"], "broker"), (["broker", "--kind", "gpu", "--topic-prefix", "a.", "--address-file", "f"], "broker"),
        (["validate", "a", "b"], "validate"), (["convert", "pipeline.yml"], "convert"),
        (["keys", "show", "a.pem"], "show"),
        (["keys", "generate", "--private", "a", "--public", "b"], "generate"), (["config"], "config"),
    ])
    func isUnderstood(_ words: [String], _ expected: String) throws {
        let command = try Martlet.parseAsRoot(words)
        #expect(type(of: command)._commandName == expected)
    }

    @Test(arguments: [
        ["gte"], ["get", "stages"], ["get", "runs", "--limit", "0"], ["get", "pipelines", "--limit", "3"], ["describe"],
        ["describe", "a", "b"], ["explain"], ["logs"], ["logs", "x", "--attempt", "1"],
        ["logs", "x", "t", "--attempt", "0"],
        ["logs", "x", "t", "--attempt", "1", "--all"], ["cancel"], ["drain", "--undo"], ["approve", "a"],
        ["start", "p", "--param", "a"],
        ["start", "p", "--param", "a=1", "--param", "a=2"], ["start", "p", "--priority", "1001"],
        ["start", "p", "--url", "-x"], ["broker", "--kind", "Gpu"], ["broker", "--kind", "logs"], ["validate"],
        ["convert"], ["config", "--nonsense"],
    ])
    func isRefusedWithTwo(_ words: [String]) {
        #expect {
            _ = try Martlet.parseAsRoot(words)
        } throws: { error in
            Martlet.exitCode(for: error) == .validationFailure
                && CommandFailure.code(of: error, in: Martlet.self) == CommandFailure.badInput
        }
    }

    @Test(arguments: [
        ("gte", "there is no command `gte` (did you mean `martlet get`?)"),
        ("frobnicate", "there is no command `frobnicate` (`martlet --help` lists them)"),
    ])
    func anUnknownCommandIsAnsweredWithTheNearest(_ word: String, _ expected: String) throws {
        #expect(throws: CommandFailure(expected, code: CommandFailure.badInput)) { try Martlet.checkCommand(word) }
        for word in [nil, "get", "help", "--help", "---completion"] { try Martlet.checkCommand(word) }
    }

    @Test(arguments: [
        ("build-1", true), ("Build_1.example", true), ("", false), ("../x", false), (".hidden", false), ("a b", false),
        ("a/b", false), ("ä", false), (String(repeating: "a", count: 254), false),
    ])
    func anAgentsNameIsFitForAFolder(_ id: String, _ expected: Bool) {
        #expect(AgentCommand.isName(id) == expected, "\(id)")
    }

    @Test func helpAndVersionsEndWell() {
        for words in [["--help"], ["--version"], ["get", "--help"], ["help", "logs"]] {
            #expect {
                var command = try Martlet.parseAsRoot(words)
                try command.run()
            } throws: { Martlet.exitCode(for: $0) == .success }
        }
    }

    @Test func everySettingOfTheWorkIsAFlag() throws {
        let options = try SharedOptions.parse([
            "--state", "s", "--kafka", "b:9092", "--kafka-property", "a=b", "--kafka-property", "c=d", "--topic-prefix",
            "p.", "--topic-partitions", "8", "--slots", "2", "--label", "arch=arm64", "--allow-secret", "x=-/p",
            "--secrets-dir", "/run/secrets", "--keep-workspace", "--grace-seconds", "5", "--self-fence-seconds", "30",
            "-o", "json", "--log-level", "debug", "--log-format", "json",
        ])
        let given = options.given.filter { !$0.texts.isEmpty }.map(\.name)
        let own = [
            Settings.manifests, Settings.signingKey, Settings.verifyKey, Settings.agentID, Settings.installation,
            Settings.agentState, Settings.journal, Settings.kubernetes, Settings.kubeconfig, Settings.context,
            Settings.namespace, Settings.watchNamespace, Settings.lease, Settings.identity,
        ].map(\.name)
        let front = try (WebOptions.parse([]).given + ReportingOptions.parse([]).given).map(\.name)
        let flags = Set(Settings.table.filter(\.hasFlag).map(\.name))
        #expect(Set(given + own + front) == flags)
        let others =
            try options.given + ManifestsOption.parse([]).given + AgentIDOption.parse([]).given
            + KubernetesOptions.parse([]).given + LeadershipOptions.parse([]).given + AgentStateOption.parse([]).given
            + JournalOption.parse([]).given
            + SigningKeyOption.parse([]).given + VerifyKeyOption.parse([]).given
        #expect(Set(others.map(\.name) + front) == flags)
        // A secret that is a flag would be seen by all who list processes.
        let hidden = Settings.table.filter { !$0.hasFlag }
        #expect(hidden.allSatisfy { $0.isSecret })
    }

    @Test func flagsThatAreNotGivenSayNothing() throws {
        #expect(try SharedOptions.parse([]).given.allSatisfy { $0.texts.isEmpty })
        #expect(try SharedOptions.parse(["--no-keep-workspace"]).given.contains { $0.texts == ["false"] })
    }

    @Test(arguments: [
        ("test", ["test.0", "test.1"]), ("test.1", ["test.1"]), ("test[python=3.12]", ["test.1"]), ("ship", ["ship"]),
    ])
    func aWordNamesStages(_ word: String, _ expected: [String]) throws {
        #expect(try LogsCommand.stages(word, of: Self.matrix()).map(\.id) == expected)
    }

    @Test func anUnknownStageIsAnsweredWithTheNearest() {
        #expect(throws: CommandFailure("`m-1` has no stage `tset` (did you mean `test`?)")) {
            try LogsCommand.stages("tset", of: Self.matrix())
        }
    }

    private static func matrix() -> RunView {
        var spec = PipelineSpec()
        var test = StageSpec(name: "test", run: "true")
        test.matrix = Matrix()
        test.matrix?.axes = [MatrixAxis(name: "python", values: ["3.11", "3.12"])]
        spec.stages = [test, StageSpec(name: "ship", run: "true")]
        var run = PipelineRun(metadata: Metadata(name: "m-1"), spec: PipelineRunSpec())
        run.spec.pipelineSpec = spec
        return RunView(run)
    }

    @Test(
        arguments: [
            (
                FieldPath().key("spec").key("params").index(0).key("name"), "the pipeline has no parameter `b`",
                "did you mean `a`?", "the pipeline has no parameter `b` (did you mean `a`?)"
            ),
            (
                FieldPath().key("spec").key("params"), "the parameter `a` is missing", "add `- {name: a, value: …}`",
                "the parameter `a` is missing (give it one with `--param NAME=VALUE`)"
            ),
            (
                FieldPath().key("spec").key("source").key("revision"), "must not begin with `-`", nil,
                "--revision must not begin with `-`"
            ),
            (FieldPath().key("spec"), "is odd", nil, "spec: is odd"),
        ] as [(FieldPath, String, String?, String)])
    func `a mistake in a run that is started is one of its options`(
        _ path: FieldPath, _ message: String, _ hint: String?, _ expected: String
    ) {
        #expect(VerbError(.invalid, at: path, message, hint: hint).onCommandLine.description == expected)
    }
}
