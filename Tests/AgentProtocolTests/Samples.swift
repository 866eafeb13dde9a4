import AgentProtocol
import Model
import TestSupport

/// One message of every type, filled by chance from a seed.
enum Samples {
    static let fence = Fence(run: "3b1f6c52-8a1e-4c52-9d3f-6f1f0f7f5a10", stage: "test.3", attempt: 2)
    static let names = [
        "assign", "stop", "drain", "report", "claimed", "declined", "progress", "finished", "presence", "log",
    ]

    static func message(_ name: String, seed: UInt64, sparse: Bool = false) -> Message {
        let isEven = seed.isMultiple(of: 2)
        let digest = isEven ? "00112233445566778899aabbccddeeff" : "x"
        func make<Value: Fields>() -> Value { RandomRecord.make(seed: seed, sparse: sparse) }
        func about(_ event: AgentReport.Event) -> Message {
            .report(AgentReport(fence: fence, agent: "gpu-1", instance: "k3v9", digest: digest, event: event))
        }
        switch name {
        case "assign":
            return .controller(.assign(Assignment(fence: fence, instance: isEven ? "k3v9" : "é\"", work: make())))
        case "stop":
            var stop: Stop = make()
            stop.fence = fence.description
            return .controller(.stop(stop))
        case "drain": return .controller(.drain(instance: "k3v9"))
        case "report": return .controller(.report(instance: isEven ? "k3v9" : nil))
        case "claimed": return about(.claimed(at: time(seed)))
        case "declined": return about(.declined(reason: isEven ? "" : "all 2 slots are \"taken\"\n"))
        case "progress": return about(.progress(message: isEven ? "" : "Compiling 1/2 …"))
        case "finished": return about(.finished(make()))
        case "presence":
            var presence: Presence = make()
            for place in presence.held.indices { presence.held[place].fence = fence.description }
            return .presence(presence)
        default:
            var chunk: LogChunk = make()
            chunk.fence = fence.description
            return .log(chunk)
        }
    }

    static func envelope(_ name: String, seed: UInt64, sparse: Bool = false) -> Envelope {
        Envelope(
            id: "1-\(seed)", source: "/agents/gpu-1", installation: "0b3c7f0a-5d0c-4c8e-9a55-2f2b8f6f7a11",
            time: time(seed), message: message(name, seed: seed, sparse: sparse))
    }

    private static func time(_ seed: UInt64) -> Timestamp {
        Timestamp(microseconds: 1_795_000_000_000_000 + Int64(seed) * 500_000)
    }
}
