import Glibc
import Model
import Testing

/// Processes of their own, with keys from the command line.
@Suite(.serialized, .timeLimit(.minutes(1))) struct TrustTests {
    @Test("an agent obeys only a controller whose key it has", arguments: [true, false])
    func keys(isSigned: Bool) async throws {
        try await withHome { home in
            for name in ["a", "b"] {
                let made = try await home.martlet(
                    "keys", "generate", "--private", "\(name).pem", "--public", "\(name).pub")
                #expect(made.code == 0, "\(made)")
            }
            try home.write(Manifest.run("one", [Stage("work", script: home.enter)]), to: "manifests/one.yaml")
            let controller = try await isSigned ? home.controller("--signing-key", "a.pem") : home.controller()
            let stranger = try home.agent("shell", "--verify-key", "b.pub")
            try await stranger.errors.line(isSigned ? "UnknownKey" : "Unsigned")
            stranger.send(SIGTERM)
            try await stranger.ended()
            #expect(try home.ledger == [])

            // Both keys, as while one follows the other; or none, which obeys anybody.
            let keys = isSigned ? ["--verify-key", "b.pub", "--verify-key", "a.pub"] : []
            _ = try home.start(Programs.martlet, ["agent", "--kind", "shell", "--agent-id", "other"] + keys)
            let run = try await home.run("one")
            #expect(run.status.succeeded?.status == .true)
            #expect(try home.ledger.count == 1)
            #expect(run.status.stages.first?.failures == 0)
            controller.send(SIGTERM)
            try await controller.ended()
        }
    }

    @Test("a key that is none, or that isn't there, ends the command before it begins")
    func badKeys() async throws {
        try await withHome { home in
            try home.write("nonsense", to: "key.pem")
            let agent = try await home.martlet("agent", "--kind", "shell", "--verify-key", "key.pem")
            #expect(agent.code == 2)
            #expect(agent.errors.contains("key.pem: holds no key in PEM form"))
            let controller = try await home.martlet(
                "controller", "--manifests", ".", environment: ["MARTLET_SIGNING_KEY": "none.pem"])
            #expect(controller.code == 2)
            #expect(controller.errors.contains("none.pem: can't be read"))
        }
    }
}
