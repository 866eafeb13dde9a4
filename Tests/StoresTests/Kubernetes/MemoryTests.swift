import AgentProtocol
import Controller
import Document
import Glibc
import KubernetesAPI
import Model
import Synchronization
import Testing

@testable import Stores

/// What 10,000 runs take: in the store alone (`MARTLET_TEST_MEMORY=store`) or with the controller that keeps them
/// (`controller`). Alone in its process, since it looks at the whole process's memory.
@Suite(.enabled(if: getenv("MARTLET_TEST_MEMORY") != nil), .timeLimit(.minutes(5)), .serialized) struct MemoryTests {
    private static let count = 10_000

    /// Of this process, in bytes.
    private static var resident: Int {
        let file = fopen("/proc/self/statm", "r")
        defer { file.map { _ = fclose($0) } }
        var buffer = [CChar](repeating: 0, count: 256)
        guard let file, fgets(&buffer, 256, file) != nil else { return 0 }
        let fields = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// A run of four stages that has ended, about as an API server shows it.
    private static func json(_ number: Int) -> Node {
        var status = PipelineRunStatus()
        let time = Timestamp(seconds: 1_790_000_000)
        status.observedGeneration = 1
        status.startTime = time
        status.completionTime = time
        status.progress = "4/4"
        status.conditions.set(Condition.accepted, .true, reason: "Accepted", generation: 1, at: time)
        status.conditions.set(
            Condition.succeeded, .true, reason: "Succeeded", message: "4 of 4 stages succeeded", generation: 1, at: time
        )
        var spec = PipelineSpec()
        for name in ["lint", "test", "build", "security"] {
            spec.stages.append(StageSpec(name: name, run: "echo \(name)"))
            var stage = StageStatus(id: name, state: .succeeded)
            stage.reason = "Succeeded"
            stage.attempt = 1
            stage.agent = "agent-\(name)-0"
            stage.instance = "5f0c9a3e-6f4d-4c8e-9d5b-2f1f6a0f\(number % 9000 + 1000)"
            stage.digest = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
            stage.queuedTime = time
            stage.assignedTime = time
            stage.startTime = time
            stage.completionTime = time
            status.stages.append(stage)
        }
        status.pipelineSpec = spec
        var wanted = PipelineRunSpec()
        wanted.pipelineRef = PipelineReference(name: "ci")
        var metadata = Metadata(name: "ci-\(number)", uid: "6d1b2f5e-0c2a-4a5e-8b1d-0000000\(number + 10_000)")
        metadata.namespace = "team"
        metadata.resourceVersion = "\(1_000_000 + number)"
        metadata.generation = 1
        metadata.creationTimestamp = time
        var json = JSONWriter()
        Resource.run(PipelineRun(metadata: metadata, spec: wanted, status: status)).write(into: &json)
        return (try? parseJSON(json.bytes)) ?? Node(.null)
    }

    /// Gives pages of such runs that are made when they are asked for, and a watch that says nothing.
    private struct Server: APIConnection {
        func send(_ request: APIRequest) async throws(APIError) -> [UInt8] {
            let from = request["continue"].flatMap { Int($0) } ?? 0
            let isRuns = request.path.hasSuffix("/pipelineruns")
            let end = isRuns ? min(MemoryTests.count, from + 500) : 0
            return Array(
                Node(object: [
                    "metadata": Node(object: [
                        "resourceVersion": Node(.string("1")),
                        "continue": Node(.string(isRuns && end < MemoryTests.count ? "\(end)" : "")),
                    ]),
                    "items": Node(.array(isRuns ? (from..<end).map { MemoryTests.json($0) } : [])),
                ]).json().utf8)
        }

        func stream(_ request: APIRequest) async throws(APIError) -> any APIStream { Silence() }
    }

    private final class Silence: APIStream {
        private let (stream, continuation) = AsyncStream<Void>.makeStream()
        func next() async throws(APIError) -> [UInt8]? {
            for await _ in stream {}
            return nil
        }
        func cancel() { continuation.finish() }
    }

    private final class Keeper: Sendable {
        let machine = Mutex(ControllerMachine())
        let isListed = Flag(false)
    }

    @Test func tenThousandRuns() async throws {
        let isKept = getenv("MARTLET_TEST_MEMORY").map { String(cString: $0) } == "controller"
        let store = KubernetesStore(Server()) { _ in }
        let keeper = Keeper()
        let before = Self.resident
        let following = Task {
            try await store.follow { event in
                if isKept {
                    let now = Moment(wall: Timestamp(seconds: 1_790_000_100), uptime: 1)
                    keeper.machine.withLock { _ = $0.step([.store(event)], at: now) }
                }
                if case .listed = event { keeper.isListed.value = true }
            }
        }
        while !keeper.isListed.value { try await Task.sleep(for: .milliseconds(50)) }
        try await Task.sleep(for: .seconds(1))
        let growth = Self.resident - before
        let progress = store.sight.withLock { $0.runs.count }
        #expect(progress == Self.count)
        print("\(Self.count) runs of \(Self.json(1).json().utf8.count) bytes, kept: \(isKept): \(growth >> 20) MiB")
        #expect(growth < (isKept ? 200 << 20 : 80 << 20))
        following.cancel()
        _ = await following.result
    }
}
