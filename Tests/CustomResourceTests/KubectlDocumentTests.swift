import ClusterSupport
import Document
import Execution
import Glibc
import Model
import Testing

/// docs/kubectl.md, done as it is written.
@Suite struct KubectlDocumentTests {
    @Test func `every command of docs/kubectl.md does what is said there`() async throws {
        try await withAPIServer { server in
            let knowsRules = try await server.installDefinitions()
            let namespace = try await server.namespace("docs")
            try await server.kubectl("config", "set-context", "--current", "--namespace", namespace)
            let text = try FileSystem.read("\(Assets.project)/docs/kubectl.md", limit: 1 << 20)
            let steps = Self.steps(of: String(decoding: text.bytes, as: UTF8.self))
            var commands = 0
            for step in steps {
                switch step {
                case .file(let name, let text):
                    try FileSystem.write(Array(text.utf8), to: "\(server.folder)/\(name)")
                case .status(let name):
                    let status = try #require(Self.statuses[name], "no status `\(name)` in this test")
                    try await server.writeStatus(
                        try parseJSON(FieldWriter.bytes(status)), of: "pipelineruns", "shop-1", in: namespace)
                case .command("kubectl apply -f crds/", let expected):
                    // Done above in a way that suits the server; here is what it came to.
                    let names = try await server.kubectl("get", "crd", "-o", "name").split(separator: "\n")
                    #expect(names.map { "\($0) created" } == expected)
                case .command(let line, let expected):
                    commands += 1
                    // An older server has another form for one of the refusals.
                    let expected =
                        line.contains("mistake.yaml") && !knowsRules
                        ? expected.map { $0.replacing("stages[0]", with: "stages") } : expected
                    var reply = try await Self.run(line, on: server)
                    // Descriptions come some time after the definitions, and nobody says when.
                    let deadline = ContinuousClock.now + .seconds(30)
                    while line.contains("explain"), !reply.exit.isSuccess, ContinuousClock.now < deadline {
                        try await Task.sleep(for: .milliseconds(200))
                        reply = try await Self.run(line, on: server)
                    }
                    #expect(reply.exit.isSuccess != line.contains("mistake.yaml"), "\(line): \(reply.errorText)")
                    let said = Self.plain(reply.outputText + reply.errorText)
                    var rest = said[...]
                    for wanted in Self.plain(expected.joined(separator: "\n")) {
                        let place = rest.firstIndex { $0.contains(wanted) }
                        #expect(place != nil, "\(line): no line with `\(wanted)` in \(said.joined(separator: "\n"))")
                        if let place { rest = rest[(place + 1)...] }
                    }
                }
            }
            #expect(commands > 20)
        }
    }

    private enum Step {
        case file(String, String)
        case status(String)
        case command(String, [String])
    }

    /// Files, commands with what is said to come of them, and what the controller is to have done meanwhile.
    private static func steps(of document: String) -> [Step] {
        var steps: [Step] = []
        var fence: String?
        var block: [String] = []
        for line in document.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                if let kind = fence {
                    if kind == "console" { steps += commands(block) }
                    if kind == "yaml", let name = block.first?.dropFirst(2) {
                        steps.append(.file(String(name), block.joined(separator: "\n") + "\n"))
                    }
                    (fence, block) = (nil, [])
                } else {
                    fence = String(line.dropFirst(3))
                }
            } else if fence != nil {
                block.append(line)
            } else if line.hasPrefix("<!-- The controller: "), let name = line.split(separator: " ").dropFirst(3).first
            {
                steps.append(.status(String(name)))
            }
        }
        return steps
    }

    private static func commands(_ lines: [String]) -> [Step] {
        var steps: [(String, [String])] = []
        for line in lines {
            if line.hasPrefix("$ ") {
                steps.append((String(line.dropFirst(2)), []))
            } else if !steps.isEmpty {
                steps[steps.count - 1].1.append(line)
            }
        }
        return steps.map { .command($0.0, $0.1) }
    }

    private static func run(_ line: String, on server: APIServer) async throws -> CapturedOutput {
        let path = getenv("PATH").map { String(cString: $0) } ?? StageEnvironment.defaultPath
        let environment = [
            "PATH": "\(server.assets.folder):\(path)", "HOME": server.folder, "KUBECONFIG": server.admin.kubeconfig,
        ]
        return try await Command(
            "bash", ["-c", line], environment: environment, workingDirectory: server.folder, timeout: .seconds(60)
        ).capture()
    }

    /// Lines without the width of columns, and without ages.
    private static func plain(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map { word -> String in
                let isAge = word.last.map { "smhd".contains($0) } == true && word.dropLast().allSatisfy(\.isNumber)
                return isAge && word.count > 1 ? "AGE" : "\(word)"
            }.joined(separator: " ")
        }
    }

    // MARK: What a controller writes

    private static let statuses = [
        "waiting": status(
            "0/4", .unknown, "Active", "0 of 4 stages ended",
            [
                ("lint", .queued, "AgentsBusy", "3 agents offer `lint`: 2 busy, 1 lacks label arch=arm64"),
                ("test", .pending, "WaitingForNeeds", "waits for lint"),
                ("release", .pending, "WaitingForNeeds", "waits for test"),
                ("deploy", .pending, "WaitingForNeeds", "waits for release"),
            ]),
        "asking": status(
            "2/4", .unknown, "Active", "2 of 4 stages ended",
            [
                ("lint", .succeeded, "Succeeded", nil), ("test", .succeeded, "Succeeded", nil),
                ("release", .waiting, "WaitingForApproval", "Release to production?"),
                ("deploy", .pending, "WaitingForNeeds", "waits for release"),
            ]),
        "cancelled": status(
            "4/4", .false, "Cancelled", "the run was cancelled",
            [
                ("lint", .succeeded, "Succeeded", nil), ("test", .succeeded, "Succeeded", nil),
                ("release", .cancelled, "Cancelled", nil), ("deploy", .cancelled, "Cancelled", nil),
            ]),
    ]

    private static func status(
        _ progress: String, _ succeeded: Condition.Status, _ reason: String, _ message: String,
        _ stages: [(id: String, state: StageStatus.State, reason: String, message: String?)]
    ) -> PipelineRunStatus {
        var status = PipelineRunStatus()
        let now = Timestamp(microseconds: 1_800_000_000_000_000)
        status.progress = progress
        status.conditions.set(Condition.accepted, .true, reason: "Accepted", at: now)
        status.conditions.set(Condition.succeeded, succeeded, reason: reason, message: message, at: now)
        status.source = ResolvedSource(
            url: "https://github.com/acme/shop", revision: "5f2c3a1e9b8d7c6f5e4d3c2b1a0918273645f6e7",
            ref: "refs/heads/main")
        status.stages = stages.map { stage in
            var entry = StageStatus(id: stage.id, state: stage.state)
            entry.reason = stage.reason
            entry.message = stage.message
            return entry
        }
        return status
    }
}
