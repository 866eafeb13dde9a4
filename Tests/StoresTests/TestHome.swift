import Controller
import Glibc
import Manifests
import Model
import Stores
import Synchronization
import Testing

/// A folder of manifests and a state folder that are removed with it.
final class TestHome: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-stores-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try #require(mkdir(manifests, 0o755) == 0)
    }

    deinit {
        Self.shell("rm -rf \(path)")
    }

    var manifests: String { path + "/manifests" }
    var state: String { path + "/.martlet" }

    func file(_ name: String) -> String { manifests + "/" + name }

    /// Writes a file in place, as `echo >` does.
    func write(_ name: String, _ text: String) throws {
        try Self.write(file(name), text)
    }

    static func write(_ path: String, _ text: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        try #require(file >= 0, "\(path)")
        defer { close(file) }
        let bytes = Array(text.utf8)
        try #require(Glibc.write(file, bytes, bytes.count) == bytes.count)
    }

    /// Saves a file as editors do: a new one in the place of the old.
    func save(_ name: String, _ text: String) throws {
        try write(".\(name).swp", text)
        try #require(rename(file(".\(name).swp"), file(name)) == 0)
    }

    /// Saves a file as vim does: the old one moved away, a new one written, the old one deleted.
    func saveWithBackup(_ name: String, _ text: String) throws {
        try #require(rename(file(name), file(name + "~")) == 0)
        try write(name, text)
        try #require(unlink(file(name + "~")) == 0)
    }

    func remove(_ name: String) throws {
        try #require(unlink(file(name)) == 0)
    }

    @discardableResult
    static func shell(_ command: String) -> Int32 {
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(command), nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        guard posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ) == 0 else { return -1 }
        var status: Int32 = 0
        waitpid(child, &status, 0)
        return status
    }
}

/// What a followed store says, in order.
struct Followed {
    private var events: AsyncStream<StoreEvent>.Iterator
    private var reports: AsyncStream<[FileProblem]>.Iterator

    init(_ events: AsyncStream<StoreEvent>, _ reports: AsyncStream<[FileProblem]>) {
        self.events = events.makeAsyncIterator()
        self.reports = reports.makeAsyncIterator()
    }

    mutating func next() async throws -> StoreEvent {
        try #require(await events.next())
    }

    /// The next event about a run, which is to be the one of that name.
    mutating func run(_ name: String? = nil) async throws -> PipelineRun {
        while true {
            if case .run(let run) = try await next(), name == nil || run.metadata.name == name { return run }
        }
    }

    /// What is reported next, as people see it, without the folder.
    mutating func problems() async throws -> [String] {
        try #require(await reports.next()).map { problem in
            var line = problem.line
            if let place = line.firstRange(of: "/manifests/") { line = String(line[place.upperBound...]) }
            return line
        }
    }
}

/// Opens a store on a home, runs and follows it, and closes it in the end. The listing has been told by then.
func withStore(
    _ home: TestHome, paths: [String]? = nil, grace: Int64 = 20, strictly: Bool = true,
    _ body: @Sendable (FolderStore, inout Followed) async throws -> Void
) async throws {
    let (reports, reporting) = AsyncStream.makeStream(of: [FileProblem].self)
    let (events, telling) = AsyncStream.makeStream(of: StoreEvent.self)
    let store = try FolderStore(
        StateFolder.create(at: home.state), manifests: paths ?? [home.manifests], grace: grace,
        clock: Timestamp.current, report: { reporting.yield($0) })
    defer { store.close() }
    let problems = try store.load(strictly: strictly)
    if !problems.isEmpty { reporting.yield(problems) }
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await store.run() }
        group.addTask { try await store.follow { telling.yield($0) } }
        var followed = Followed(events, reports)
        do {
            try await body(store, &followed)
        } catch {
            group.cancelAll()
            throw error
        }
        group.cancelAll()
        try await group.waitForAll()
    }
}

extension FolderStore {
    /// The run as it is now.
    func stored(_ name: String) async throws -> PipelineRun { try await reader.run(name) }

    /// Stores a status of a run as the controller does.
    @discardableResult
    func finish(_ run: PipelineRun, _ state: StageStatus.State = .failed) async throws -> PipelineRun {
        var status = run.status
        status.stages = [StageStatus(id: "hello", state: state)]
        status.completionTime = Timestamp(seconds: 1_700_000_000)
        status.conditions.set(
            Condition.succeeded, state == .succeeded ? .true : .false, reason: "StageFailed", at: Timestamp(seconds: 1))
        let outcome = await write([StatusWrite(run, status)])
        guard case .stored = outcome.first else {
            Issue.record("\(outcome)")
            return run
        }
        return try #require(try await self.run(uid: run.uid))
    }
}

extension StatusWrite {
    init(_ run: PipelineRun, _ status: PipelineRunStatus) {
        self.init(
            uid: run.uid, name: run.metadata.name, namespace: run.metadata.namespace,
            resourceVersion: run.metadata.resourceVersion ?? "", status: status)
    }
}

enum Sample {
    static func pipeline(_ name: String = "ci", script: String = "echo hello") -> String {
        """
        apiVersion: martlet.dev/v1alpha1
        kind: Pipeline
        metadata:
          name: \(name)
        spec:
          stages:
          - name: hello
            agent: shell
            run: \(script)

        """
    }

    static func run(_ name: String = "first", _ spec: String = "", pipeline: String = "ci") -> String {
        """
        apiVersion: martlet.dev/v1alpha1
        kind: PipelineRun
        metadata:
          name: \(name)
        spec:
          pipelineRef:
            name: \(pipeline)
        \(spec.isEmpty ? "" : "  " + spec)

        """
    }

    /// A run as a whole, for commands.
    static func inline(_ name: String = "") -> PipelineRun {
        var pipeline = PipelineSpec()
        var stage = StageSpec()
        stage.name = "hello"
        stage.agent = "shell"
        stage.run = "echo hello"
        pipeline.stages = [stage]
        var run = PipelineRun(metadata: Metadata(name: name), spec: PipelineRunSpec())
        run.spec.pipelineSpec = pipeline
        return run
    }
}
