import Kafka
import Model
import Testing

/// Kafka goes away and comes back under a controller and an agent, each a process of its own.
@Suite(.serialized, .timeLimit(.minutes(1))) struct OutageTests {
    enum Ending: CaseIterable {
        case duringTheOutage
        case afterIt
    }

    /// The outage is what is tested: it lasts longer than a lease.
    @Test("an outage that is longer than a lease costs no attempt", arguments: Ending.allCases)
    func outage(theStageEnds ending: Ending) async throws {
        // Stands in for the caller's own broker; it can't be asked to make topics.
        let broker = try EmbeddedBroker()
        for topic in ["agent.shell", "agent.results", "agent.presence", "agent.logs", "martlet.events"] {
            try await broker.createTopic(topic, partitions: 4)
        }
        try await withHome { home in
            let pulse = try home.pulse("stage")
            let held = """
                \(pulse.script)
                \(home.enter)
                \(try home.wait(at: "gate"))
                echo value=1 >> "$MARTLET_RESULTS"
                """
            let stages = [Stage("long", script: held), Stage("after", needs: ["long"], script: home.enter)]
            try home.write(Manifest.run("work", stages), to: "manifests/work.yaml")
            _ = try await home.controller("--kafka", broker.bootstrapServers)
            _ = try home.agent("shell", "--kafka", broker.bootstrapServers)
            try await home.began("long")
            try await home.run("work") { $0.status[stage: "long"]?.state == .running }
            try await broker.setDown()
            if ending == .duringTheOutage {
                try home.release("gate")
                try await pulse.feed.ended()
            }
            try await Task.sleep(for: .seconds(18))
            try await broker.setUp()
            if ending == .afterIt { try home.release("gate") }
            let run = try await home.run("work")
            #expect(run.status.succeeded?.status == .true)
            #expect(run.status.stages.allSatisfy { $0.attempt == 1 && $0.losses == 0 && $0.failures == 0 })
            #expect(run.status[stage: "long"]?.results.first?.value == "1")
            #expect(try home.ledger.map(\.stage) == ["long", "after"])
        }
        await broker.close()
    }
}
