import Glibc
import Model
import Testing

/// What becomes of runs when their broker, a process of its own, goes away: no attempt is lost to it.
@Suite(.serialized, .timeLimit(.minutes(3))) struct BrokerChaosTests {
    /// Two thirds of these are longer than a lease, and that is what is tested.
    @Test func anOutageCostsNoAttempt() async throws {
        try await withInstallation { installation in
            try await installation.endure("a short outage", for: .seconds(2)) {
                try await installation.takeBrokerDown()
            } undo: {
                try await installation.bringBrokerUp()
            }
            try await installation.endure("an outage that is longer than a lease", for: .seconds(18)) {
                try await installation.takeBrokerDown()
            } undo: {
                try await installation.bringBrokerUp()
            }
            try await installation.endure("a broker that hangs for longer than a lease", for: .seconds(18)) {
                try installation.broker.send(SIGSTOP)
            } undo: {
                try installation.broker.send(SIGCONT)
            }
        }
    }

    @Test func aBrokerThatHasLostEverythingCostsNoAttempt() async throws {
        try await withInstallation { installation in
            for name in ["first", "second"] {
                try await installation.endure("the \(name) broker killed, and one without memory in its place") {
                    try await installation.killBroker()
                } undo: {
                    try await installation.startBroker()
                }
            }
        }
    }

    @Test func goesDownAndComesBackOnCommandAndEndsInOrder() async throws {
        try await withHome { home in
            let broker = try home.start("broker", "--kind", "gpu", "--address-file", "kafka")
            let address = try await broker.output.line { $0.hasPrefix("127.0.0.1:") }
            #expect(try home.read("kafka") == address + "\n")
            for round in 1...2 {
                for (signal, word) in [(SIGUSR1, "down"), (SIGUSR1, "down"), (SIGUSR2, "up"), (SIGUSR2, "up")] {
                    let count = broker.output.lines.count
                    broker.send(signal)
                    #expect(try await broker.output.line("", from: count) == word, "round \(round)")
                }
            }
            broker.send(SIGTERM)
            let ending = try await broker.finish()
            #expect(ending.code == 0)
            #expect(throws: (any Error).self) { try home.read("kafka") }
        }
    }
}
