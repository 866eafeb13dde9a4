import Glibc
import Model
import Testing

/// What becomes of runs when their controller, a process of its own, goes away: agents work on, and nothing is lost.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ControllerChaosTests {
    @Test(arguments: Installation.Cluster.available)
    func itsAbsenceCostsNoAttempt(_ cluster: Installation.Cluster) async throws {
        try await withInstallation(on: cluster) { installation in
            try await installation.endure("a controller killed and started anew") {
                try await installation.controller.crash()
            } undo: {
                try await installation.startController()
            }
            // It must not take the agents to be lost when it wakes up, having read nothing meanwhile.
            try await installation.endure("a controller stopped for longer than a lease", for: .seconds(18)) {
                try installation.controller.send(SIGSTOP)
            } undo: {
                try installation.controller.send(SIGCONT)
            }
            guard case .own = cluster else { return }
            try await installation.endure("a controller cut off for longer than a lease", for: .seconds(18)) {
                try installation.network(of: "controller").set(.silent)
            } undo: {
                try installation.network(of: "controller").set(.open)
            }
        }
    }
}
