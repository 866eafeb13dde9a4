import ClusterSupport
import Controller
import Document
import Execution
import HTTPClient
import KubernetesAPI
import Model
import Planning
import Testing

@testable import Stores

/// What the fake cluster only claims, on a real API server.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RealClusterTests {
    private struct Place {
        let server: APIServer
        let client: KubernetesClient
        let namespace: String
        let told = Lines()

        init() async throws {
            server = try await APIServer.shared
            _ = try await server.installDefinitions()
            namespace = try await server.namespace("stores")
            var configuration = try ClusterConfiguration.find(kubeconfig: server.admin.kubeconfig, environment: [:])
            configuration.proxy = .none
            client = try KubernetesClient(configuration)
        }

        func apply(_ yaml: String) async throws {
            try await server.kubectl("apply", "--namespace", namespace, "-f", try server.file(yaml))
        }

        func get(_ what: String...) async throws -> Node {
            let arguments = ["get", "--namespace", namespace, "-o", "json"] + what
            let reply = try await server.attempt(arguments)
            return try parseJSON(reply.outputText)
        }
    }

    private static func run(_ name: String) -> String {
        """
        apiVersion: martlet.dev/v1alpha1
        kind: PipelineRun
        metadata: {name: \(name), labels: {team: x}, annotations: {note: kept}}
        spec:
          pipelineSpec:
            stages: [{name: a, agent: shell, run: "true"}]
        """
    }

    @Test func aStatusIsStoredByCompareAndSwapAndNothingElseChanges() async throws {
        let place = try await Place()
        try await place.apply(Self.run("a"))
        let store = KubernetesStore(place.client, namespace: place.namespace) { [told = place.told] in told.add($0) }
        let events = ClusterHome.Events()
        let following = Task { try await store.follow { events.add($0) } }
        let run = try #require(await events.listing(1)?.runs.first)
        #expect(run.metadata.labels == ["team": "x"])
        #expect(run.metadata.annotations == ["note": "kept"])

        var status = run.status
        status.conditions.set(
            Condition.succeeded, .unknown, reason: "Active", at: Timestamp(microseconds: 1_790_000_000_123_456))
        status.stages = [StageStatus(id: "a", state: .queued)]
        func write(_ run: PipelineRun) -> StatusWrite {
            StatusWrite(
                uid: run.uid, name: run.metadata.name, namespace: run.metadata.namespace,
                resourceVersion: run.metadata.resourceVersion ?? "", status: status)
        }
        guard case .stored(let version) = await store.write([write(run)]).first else {
            Issue.record("not stored")
            return
        }
        await events.until {
            $0.contains { if case .run(let run) = $0 { run.metadata.resourceVersion == version } else { false } }
        }
        let stored = try await place.get("pipelinerun", "a")
        #expect(stored["metadata"]?["labels"]?["team"]?.string == "x")
        #expect(stored["metadata"]?["annotations"]?["note"]?.string == "kept")
        #expect(stored["metadata"]?["generation"]?.int == 1)
        #expect(stored["spec"]?["pipelineSpec"]?["stages"]?.array?.count == 1)
        #expect(PipelineRun(reading: stored).status == status)

        // The version from before: somebody else has written since.
        guard case .conflict(let fresh) = await store.write([write(run)]).first else {
            Issue.record("no conflict")
            return
        }
        #expect(fresh.status == status)
        #expect(fresh.metadata.resourceVersion == version)

        var invalid = write(fresh)
        invalid.status.stages = [StageStatus(id: String(repeating: "x", count: 500), state: .queued)]
        guard case .refused(let problem) = await store.write([invalid]).first else {
            Issue.record("not refused")
            return
        }
        #expect(problem.contains("status.stages"))

        #expect(try await store.run(uid: run.uid)?.status == status)
        #expect(try await store.run(uid: "00000000-0000-0000-0000-000000000000") == nil)
        let old = RunReference(
            uid: run.uid, name: "a", namespace: place.namespace, resourceVersion: run.metadata.resourceVersion ?? "")
        #expect(await store.delete(old) == .conflict)
        let now = RunReference(uid: run.uid, name: "a", namespace: place.namespace, resourceVersion: version)
        #expect(await store.delete(now) == .deleted)
        await events.until { $0.last == .runGone(uid: run.uid) }
        #expect(await store.delete(now) == .gone)
        #expect(await store.write([write(fresh)]).first == .gone)
        // The same name again is another run.
        try await place.apply(Self.run("a"))
        #expect(await store.write([write(fresh)]).first == .gone)
        #expect(await store.delete(now) == .gone)
        following.cancel()
        _ = await following.result
        await place.client.close()
        #expect(place.told.all.isEmpty)
    }

    @Test func aPipelineIsToldWhetherItMakesSenseAndOwnsTheRunsMadeForIt() async throws {
        let place = try await Place()
        try await place.apply(
            """
            apiVersion: martlet.dev/v1alpha1
            kind: Pipeline
            metadata: {name: ci}
            spec:
              stages: [{name: a, agent: shell, run: "true", needs: [b]}, {name: b, agent: shell, run: "true", needs: [a]}]
            """)
        let store = KubernetesStore(place.client, namespace: place.namespace) { [told = place.told] in told.add($0) }
        let events = ClusterHome.Events()
        let following = Task { try await store.follow { events.add($0) } }
        let pipeline = try #require(await events.listing(1)?.pipelines.first)
        var ready: Node?
        while ready == nil {
            ready = try await place.get("pipeline", "ci")["status"]?["conditions"]?.array?.first
            try Task.checkCancellation()
        }
        #expect(ready?["status"]?.string == "False")
        #expect(ready?["message"]?.string?.hasPrefix("spec.stages") == true)

        var metadata = Metadata(name: "ci-1")
        metadata.namespace = place.namespace
        var spec = PipelineRunSpec()
        spec.pipelineRef = PipelineReference(name: "ci")
        let run = PipelineRun(metadata: metadata, spec: spec)
        guard case .made(let made) = await store.create(run, ownedBy: pipeline) else {
            Issue.record("not made")
            return
        }
        #expect(made.metadata.uid != nil)
        #expect(await store.create(run, ownedBy: pipeline) == .exists)
        let owner = try await place.get("pipelinerun", "ci-1")["metadata"]?["ownerReferences"]?.array?.first
        #expect(owner?["uid"]?.string == pipeline.metadata.uid)
        following.cancel()
        _ = await following.result
        await place.client.close()
    }

    @Test func eventsAreWrittenAndCounted() async throws {
        let place = try await Place()
        try await place.apply(Self.run("a"))
        let node = try await place.get("pipelinerun", "a")
        let run = PipelineRun(reading: node)
        let events = KubernetesEvents(place.client, instance: "pod-1") { [told = place.told] in told.add($0) }
        let serving = Task { try await events.run() }
        let failed = Happening.stageEnded(stage: "a", state: .failed, reason: "Failure", message: "exit 1")
        events.observed(run, happenings: [failed], isStored: true)
        events.observed(run, happenings: [failed], isStored: true)
        var found: [Node] = []
        while found.first?["count"]?.int != 2 {
            found = try await place.get("events")["items"]?.array ?? []
            try Task.checkCancellation()
        }
        #expect(found.count == 1)
        #expect(found.first?["reason"]?.string == "StageFailed")
        #expect(found.first?["involvedObject"]?["uid"]?.string == run.uid)
        serving.cancel()
        _ = await serving.result
        await place.client.close()
        #expect(place.told.all.isEmpty)
    }

    @Test func aLeaseChangesHandsAtOnceWhenItIsGivenBack() async throws {
        let place = try await Place()
        func contender(_ name: String) -> LeaseElection {
            LeaseElection(
                place.client, namespace: place.namespace, identity: name,
                report: { [told = place.told] in told.add("\(name): \($0)") },
                warn: { [told = place.told] in told.add($0) })
        }
        let (one, two) = (contender("one"), contender("two"))
        let first = Task { try await one.run { try await Task.sleep(for: .seconds(600)) } }
        while !one.mayAct() { try await Task.sleep(for: .milliseconds(20)) }
        let second = Task { try await two.run { try await Task.sleep(for: .seconds(600)) } }
        while !place.told.all.contains("two: standby(holder: \"one\")") { try await Task.sleep(for: .milliseconds(20)) }
        #expect(!two.mayAct())
        let begin = ContinuousClock.now
        first.cancel()
        _ = await first.result
        while !two.mayAct() { try await Task.sleep(for: .milliseconds(20)) }
        #expect(ContinuousClock.now - begin < .seconds(10))
        let spec = try await place.get("lease", "martlet-controller")["spec"]
        #expect(spec?["holderIdentity"]?.string == "two")
        #expect(spec?["leaseTransitions"]?.int == 1)
        second.cancel()
        _ = await second.result
        #expect(try await place.get("lease", "martlet-controller")["spec"]?["holderIdentity"]?.string ?? "" == "")
        await place.client.close()
    }
}
