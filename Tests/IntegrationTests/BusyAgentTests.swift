import Kafka
import Model
import Testing

/// A busy agent and an idle one of a kind, processes of their own, that listen on one and the same partition.
@Suite(.serialized, .timeLimit(.minutes(1))) struct BusyAgentTests {
    @Test("an agent that is busy the whole time delays nothing that another can take, though they share an inbox")
    func sharedInbox() async throws {
        let broker = try EmbeddedBroker()
        for topic in ["agent.shell", "agent.results", "agent.presence", "agent.logs", "martlet.events"] {
            try await broker.createTopic(topic, partitions: 1)
        }
        try await withHome { home in
            // The broker, librdkafka's own, wakes no waiting fetch, and the processes take it for a real one.
            let kafka = ["--kafka", broker.bootstrapServers, "--kafka-property", "fetch.wait.max.ms=5"]
            func agent(_ name: String) throws -> Child {
                try home.start(
                    Programs.martlet, ["agent", "--kind", "shell", "--agent-id", name, "--slots", "1"] + kafka)
            }
            let held = "\(home.enter)\n\(try home.wait(at: "gate"))"
            try home.write(Manifest.run("long", [Stage("held", script: held)]), to: "manifests/long.yaml")
            _ = try await home.controller(kafka[0], kafka[1], kafka[2], kafka[3])
            _ = try agent("busy")
            try await home.began("held")
            _ = try agent("idle")
            let names = ["a", "b", "c", "d", "e"]
            for number in 0..<4 {
                let stages = names.enumerated().map { index, name in
                    Stage(name, needs: index == 0 ? [] : [names[index - 1]], script: home.enter)
                }
                try home.write(Manifest.run("short-\(number)", stages), to: "manifests/short-\(number).yaml")
            }
            // All of them end while the gate is shut: a queue behind the busy one would never move.
            for number in 0..<4 {
                let run = try await home.run("short-\(number)")
                #expect(run.status.succeeded?.status == .true)
                #expect(run.status.stages.allSatisfy { $0.agent == "idle" && $0.attempt == 1 })
            }
            #expect(try await home.look(at: "long")?.status[stage: "held"]?.state.isBound == true)
            try home.release("gate")
            let long = try await home.run("long")
            #expect(long.status[stage: "held"]?.agent == "busy")
            #expect(long.status[stage: "held"]?.attempt == 1)
        }
        await broker.close()
    }
}
