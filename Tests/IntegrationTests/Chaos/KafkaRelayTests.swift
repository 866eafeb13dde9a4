import ClusterSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct KafkaRelayTests {
    /// A process that is being started has copies of all sockets until it is the program that it is to be.
    @Test func opensAgainWhileProcessesAreStarted() async throws {
        let relay = try KafkaRelay(to: "127.0.0.1:1")
        defer { relay.end() }
        try await withHome { home in
            try await withThrowingTaskGroup { group in
                for _ in 1...2 {
                    group.addTask {
                        while !Task.isCancelled { try await home.start("/bin/true", []).ended() }
                    }
                }
                for _ in 1...100 {
                    for passage in [KafkaRelay.Passage.closed, .open] {
                        relay.set(passage)
                        while LoopbackPort.answers(relay.port) != (passage == .open) {
                            try await Task.sleep(for: .milliseconds(1))
                        }
                    }
                }
                group.cancelAll()
            }
        }
    }
}
