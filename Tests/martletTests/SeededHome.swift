import AgentProtocol
import Controller
import Glibc
import Model
import Stores

@testable import martlet

/// A state folder of its own for one test, with a controller's stores open on it.
final class SeededHome {
    let path: String
    let store: FolderStore
    let logStore: FolderLogStore

    init() async throws {
        var template = Array("/tmp/martlet-tests-XXXXXX".utf8CString)
        // The template is writable, and ends in a zero, for as long as the call lasts.
        guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
            throw CommandFailure("no temporary folder")
        }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = folder + "/.martlet"
        let state = try StateFolder.create(at: path)
        store = try FolderStore(state)
        logStore = try FolderLogStore(state)
    }

    deinit {
        logStore.close()
        store.close()
        let folder = String(path.dropLast("/.martlet".count))
        for name in ["", "-wal", "-shm"] { for base in ["state.db", "logs.db"] { unlink("\(path)/\(base)\(name)") } }
        for name in ["installation-id", ".gitignore", "lock", "wake", "changed", "logged", "broker.json"] {
            unlink("\(path)/\(name)")
        }
        rmdir(path)
        rmdir(folder)
    }

    var settings: SettingValues {
        SettingValues(flags: [Settings.state.given(path)], environment: { _ in nil }, dotEnv: nil)
    }

    /// A run of two stages, `lint` and `test`, as a controller would leave it.
    func addRun(_ name: String, _ stages: [StageStatus], ended: Bool) async throws -> PipelineRun {
        var run = PipelineRun(metadata: Metadata(name: name), spec: PipelineRunSpec())
        var spec = PipelineSpec()
        spec.stages = [StageSpec(name: "lint", run: "true"), StageSpec(name: "test", needs: ["lint"], run: "true")]
        run.spec.pipelineSpec = spec
        let stored = try await FolderVerbs(StateFolder.existing(at: path)).create(run)
        return try await write(stages, of: stored, ended: ended)
    }

    func write(_ stages: [StageStatus], of run: PipelineRun, ended: Bool) async throws -> PipelineRun {
        var run = run
        run.status.startTime = Timestamp(seconds: 1)
        run.status.stages = stages
        if ended { run.status.completionTime = Timestamp(seconds: 9) }
        let write = StatusWrite(
            uid: run.uid, name: name(run), namespace: nil, resourceVersion: run.metadata.resourceVersion ?? "",
            status: run.status)
        guard case .stored(let version) = await store.write([write]).first else { throw CommandFailure("not stored") }
        run.metadata.resourceVersion = version
        return run
    }

    private func name(_ run: PipelineRun) -> String { run.metadata.name }

    static func stage(_ id: String, _ state: StageStatus.State, attempt: Int, instance: String = "i") -> StageStatus {
        var stage = StageStatus(id: id, state: state)
        stage.attempt = attempt
        stage.instance = instance
        return stage
    }

    func print(
        _ text: String, stage: String, attempt: Int = 1, instance: String = "i", number: Int = 0, of run: PipelineRun,
        isLast: Bool = true
    ) async {
        var chunk = LogChunk()
        chunk.fence = Fence(run: run.uid, stage: stage, attempt: attempt).description
        chunk.instance = instance
        chunk.number = number
        chunk.text = text
        chunk.isLast = isLast
        await logStore.append([chunk])
    }
}
