import Execution
import Glibc
import Model
import Stores
import Synchronization
import Testing

/// A folder of its own for one test, and the processes that the test has started in it.
///
/// Scripts of stages meet the test here: what they do is recorded in `ledger`, a plain file outside of any workspace;
/// they say that they have begun on `bell`; and they wait at gates until the test lets them go on.
final class Home: Sendable {
    let path: String
    let folder: StateFolder
    /// `began STAGE FENCE`, from every stage whose script says `enter`.
    let bell: LineFeed
    private let signals: StateSignals
    private let bellEnd: Int32
    private let gates = Mutex<[String: Int32]>([:])
    private let children = Mutex<[Child]>([])

    init() throws {
        path = "/tmp/martlet-integration-\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        try FileSystem.makeFolder(path)
        folder = try StateFolder.create(at: "\(path)/.martlet")
        signals = try StateSignals(folder)
        guard mkfifo("\(path)/bell", 0o600) == 0 else { throw Unmet("no FIFO") }
        bell = try .reading(fifo: "\(path)/bell")
        // The feed lasts for as long as there is a writer: this one.
        bellEnd = Glibc.open("\(path)/bell", O_WRONLY | O_CLOEXEC)
    }

    /// Ends what is left, and takes the folder away.
    func close() async {
        // Also when the test's time is up and its task is cancelled.
        await Task {
            let children = children.withLock { $0 }
            for child in children.reversed() { child.send(SIGKILL) }
            for child in children { try? await child.ended() }
            signals.close()
            Glibc.close(bellEnd)
            for gate in gates.withLock({ $0.values.sorted() }) { Glibc.close(gate) }
            try? await FileTree.remove(path)
        }.value
    }

    var transcript: String { children.withLock { $0 }.map(\.transcript).joined(separator: "\n") }

    /// The process with these words in its command, of those that are still there the latest.
    func process(containing words: String) -> Child? {
        children.withLock { $0 }.last { $0.isAlive && $0.name.contains(words) }
    }

    /// What all processes have said on standard error.
    var errors: [String] { children.withLock { $0 }.flatMap(\.errors.lines) }

    // MARK: Files

    func write(_ text: String, to name: String, mode: UInt32 = 0o644) throws {
        let path = "\(path)/\(name)"
        if let slash = path.lastIndex(of: "/") { try FileSystem.makeFolder(String(path[..<slash]), mode: 0o755) }
        try FileSystem.write(Array(text.utf8), to: path, mode: mode)
    }

    func read(_ name: String) throws -> String {
        String(decoding: try FileSystem.read("\(path)/\(name)", limit: 1 << 24).bytes, as: UTF8.self)
    }

    /// The fences of all executions, in the order in which they began.
    var ledger: [Fence] {
        get throws {
            guard FileSystem.exists("\(path)/ledger") else { return [] }
            return try read("ledger").split(separator: "\n").map { try #require(Fence(String($0))) }
        }
    }

    /// How often each attempt of a stage was executed: `[1]` is once, `[1, 1, 2]` is attempt 1 twice.
    func attempts(of stage: String, run: String? = nil) throws -> [Int] {
        try ledger.filter { $0.stage == stage && (run == nil || $0.run == run) }.map(\.attempt)
    }

    // MARK: Scripts

    /// The beginning of a script: it records the execution, and says that it has begun.
    var enter: String {
        "echo \"$MARTLET_FENCE\" >> \(path)/ledger; echo \"began $MARTLET_STAGE $MARTLET_FENCE\" > \(path)/bell"
    }

    /// A piece of script that waits until the test opens the gate.
    func wait(at gate: String) throws -> String {
        try open(gate: gate)
        return "read -r _ < \(path)/gate-\(gate)"
    }

    /// Lets as many through as there are, or the next that come.
    func release(_ gate: String, _ count: Int = 1) throws {
        let descriptor = try open(gate: gate)
        let bytes = [UInt8](repeating: UInt8(ascii: "\n"), count: count)
        #expect(Glibc.write(descriptor, bytes, count) == count)
    }

    @discardableResult
    private func open(gate: String) throws -> Int32 {
        try gates.withLock { gates in
            if let descriptor = gates[gate] { return descriptor }
            let path = "\(path)/gate-\(gate)"
            guard mkfifo(path, 0o600) == 0 else { throw Unmet("no FIFO") }
            let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
            gates[gate] = descriptor
            return descriptor
        }
    }

    /// A feed that ends when no process is left of those that came after `script` in a stage, in whatever session.
    func pulse(_ name: String) throws -> (feed: LineFeed, script: String) {
        let path = "\(path)/pulse-\(name)"
        guard mkfifo(path, 0o600) == 0 else { throw Unmet("no FIFO") }
        // Opened for both, since opening only to write would wait for a reader, which a second attempt hasn't.
        return (try .reading(fifo: path), "exec 9<>\(path)")
    }

    /// Waits until a stage has begun, and returns the fence.
    @discardableResult
    func began(_ stage: String, from start: Int = 0) async throws -> Fence {
        let line = try await bell.line("began \(stage) ", from: start)
        return try #require(line.split(separator: " ").last.flatMap { Fence(String($0)) })
    }

    // MARK: Processes

    /// Starts a program that lies on `PATH`.
    func start(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Child {
        let child = try Child(
            program, arguments, folder: path, environment: Programs.environment.merging(environment) { $1 })
        children.withLock { $0.append(child) }
        return child
    }

    func start(_ arguments: String..., environment: [String: String] = [:]) throws -> Child {
        try start(Programs.martlet, arguments, environment: environment)
    }

    /// Runs `martlet` to its end.
    @discardableResult
    func martlet(_ arguments: String..., environment: [String: String] = [:]) async throws -> Child.Ending {
        try await start(Programs.martlet, arguments, environment: environment).finish()
    }

    /// Runs a program that has to succeed.
    @discardableResult
    func tool(_ program: String, _ arguments: String...) async throws -> String {
        let ending = try await start(program, arguments).finish()
        guard ending.code == 0 else { throw Unmet("\(program) \(arguments) failed: \(ending.errors)") }
        return ending.output
    }

    /// Starts a controller that follows `manifests`, and waits until it does.
    func controller(_ arguments: String...) async throws -> Child { try await controller(arguments) }

    func controller(_ arguments: [String]) async throws -> Child {
        try FileSystem.makeFolder("\(path)/manifests", mode: 0o755)
        let child = try start(Programs.martlet, ["controller", "--manifests", "manifests"] + arguments)
        try await child.errors.line("following manifests")
        return child
    }

    func agent(_ kind: String, _ arguments: String...) throws -> Child {
        try start(Programs.martlet, ["agent", "--kind", kind, "--agent-id", kind] + arguments)
    }

    // MARK: What is stored

    /// A run as it is stored; nil while there is none.
    func look(at run: String) async throws -> PipelineRun? {
        while true {
            do {
                return try await FolderReader(folder).run(run)
            } catch let error as StateError where error.kind == .notFound || error.kind == .older {
                // Older: a first start that was killed while it made the tables; the next one makes the rest.
                return nil
            } catch let error as StateError where error.mayPass {
                // Nobody rings when it has passed. The read itself waits before it gives up.
                try Task.checkCancellation()
            } catch let error as VerbError where error.kind == .unknownRun {
                return nil
            }
        }
    }

    /// Waits until a stored run is as wanted.
    @discardableResult
    func run(_ name: String, until isMet: (PipelineRun) -> Bool = { $0.status.isFinished }) async throws -> PipelineRun
    {
        var last: PipelineRun?
        for await _ in signals.stream(of: .changed) {
            guard let run = try await look(at: name) else { continue }
            if isMet(run) { return run }
            last = run
        }
        let stages = last?.status.stages.map { "\($0.id) \($0.state) \($0.reason ?? "") \($0.message ?? "")" } ?? []
        throw Unmet("\(name) did not become as wanted in time; stages: \(stages)")
    }

    /// Waits until a run is gone.
    func gone(_ name: String) async throws {
        for await _ in signals.stream(of: .changed) where try await look(at: name) == nil { return }
        throw Unmet("\(name) did not go in time")
    }

    /// Waits until no output is kept of a run.
    func outputGone(of uid: String) async throws {
        let logs = try FolderLogs(folder)
        for await _ in signals.stream(of: .logged) where try await logs.attempts(run: uid).isEmpty { return }
        throw Unmet("the output of \(uid) did not go in time")
    }
}

/// A test's home; what it started and what that said is told when the test fails.
func withHome<Result: Sendable>(
    isolation: isolated (any Actor)? = #isolation, _ body: (Home) async throws -> Result
) async throws -> Result {
    let home = try Home()
    do {
        let result = try await body(home)
        await home.close()
        return result
    } catch {
        let transcript = home.transcript
        // What is thrown once the time limit has passed is shown to nobody.
        if Task.isCancelled { print("out of time: \(error)\n\(transcript)") }
        await home.close()
        throw Unmet("\(error)\n\(transcript)")
    }
}
