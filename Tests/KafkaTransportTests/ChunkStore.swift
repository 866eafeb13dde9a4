import AgentProtocol
import Controller
import Synchronization

/// Keeps chunks in the order of their coming; may be made to wait.
final class ChunkStore: LogStore {
    let log = EventLog<LogChunk>()
    private let gate = EventLog<Void>()
    private let isHeld: Bool

    init(isHeld: Bool = false) {
        self.isHeld = isHeld
    }

    func release() { gate.add(()) }

    func append(_ chunks: [LogChunk]) async {
        if isHeld { await gate.wait { !$0.isEmpty } }
        log.add(chunks)
    }

    func runs() async -> [String] { [] }
    func remove(runs uids: [String]) async {}
}

func chunk(_ number: Int, _ text: String, fence: String = "r/s/1") -> LogChunk {
    var chunk = LogChunk()
    chunk.fence = fence
    chunk.instance = "i1"
    chunk.number = number
    chunk.text = text
    return chunk
}
