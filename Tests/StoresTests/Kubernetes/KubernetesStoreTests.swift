import Controller
import Document
import KubernetesAPI
import Model
import Synchronization
import Testing

@testable import Stores

@Suite(.timeLimit(.minutes(1))) struct KubernetesStoreTests {
    // MARK: Following

    @Test func everythingIsListedOnceBothListsAreComplete() async throws {
        let home = ClusterHome()
        home.cluster.state.withLock { $0.pageSize = 2 }
        for number in 1...5 { home.apply("r\(number)", in: number < 3 ? "one" : "two") }
        home.applyPipeline("ci", in: "one")
        home.applyPipeline("ci", in: "two")
        let pipelinesHeld = FakeCluster.Gate()
        home.cluster.next(.holdBefore(pipelinesHeld)) { $0.path.hasSuffix("/pipelines") }
        try await home.followed { events in
            await pipelinesHeld.reached()
            #expect(events.all.isEmpty)
            pipelinesHeld.open()
            let (runs, pipelines) = try #require(await events.listing(1))
            #expect(runs.map(\.metadata.name).sorted() == ["r1", "r2", "r3", "r4", "r5"])
            #expect(pipelines.map(\.metadata.namespace) == ["one", "two"])
            #expect(runs.allSatisfy { $0.metadata.uid != nil && $0.metadata.resourceVersion != nil })
            #expect(runs.first?.spec.pipelineRef?.name == "ci")
        }
    }

    @Test func changesFollowInOrder() async throws {
        let home = ClusterHome()
        try await home.followed { events in
            _ = await events.listing(1)
            home.applyPipeline("ci")
            home.apply("a")
            home.apply("a", #"{"spec":{"desiredState":"Paused"}}"#)
            home.cluster.delete("pipelineruns", "team", "a")
            home.cluster.delete("pipelines", "team", "ci")
            await events.until { $0.contains { if case .pipelineGone = $0 { true } else { false } } }
            await events.until { $0.contains { if case .runGone = $0 { true } else { false } } }
            let runs = events.all.compactMap { if case .run(let run) = $0 { run.spec.desiredState } else { nil } }
            #expect(runs == [.running, .paused])
            #expect(events.all.contains(.pipelineGone(name: "ci", namespace: "team")))
        }
    }

    @Test func onlyTheNamespaceThatIsGivenIsLookedAt() async throws {
        let home = ClusterHome(namespace: "one")
        home.apply("a", in: "one")
        home.apply("b", in: "two")
        try await home.followed { events in
            #expect(await events.listing(1)?.runs.map(\.metadata.name) == ["a"])
            #expect(home.cluster.requests.allSatisfy { $0.path.contains("/namespaces/one/") })
        }
    }

    @Test func afterAGapEverythingIsListedAnew() async throws {
        let home = ClusterHome()
        home.apply("a")
        home.applyPipeline("ci")
        try await home.followed { events in
            _ = await events.listing(1)
            home.cluster.silence(true)
            home.cluster.delete("pipelineruns", "team", "a")
            home.apply("b")
            home.cluster.compact()
            home.cluster.cutWatches()
            home.cluster.silence(false)
            let (runs, pipelines) = try #require(await events.listing(2))
            #expect(runs.map(\.metadata.name) == ["b"])
            #expect(pipelines.map(\.metadata.name) == ["ci"])
        }
    }

    @Test func aWatchThatIsCutLosesNothingAndRepeatsNothing() async throws {
        let home = ClusterHome()
        try await home.followed { events in
            _ = await events.listing(1)
            home.apply("a")
            await events.until { $0.count == 2 }
            home.cluster.cutWatches()
            home.apply("b")
            home.apply("c")
            await events.until { $0.count == 4 }
            let names = events.all.compactMap { if case .run(let run) = $0 { run.metadata.name } else { nil } }
            #expect(names == ["a", "b", "c"])
        }
    }

    @Test func aRunThatOnlyWaitsForAFinalizerIsGone() async throws {
        let home = ClusterHome()
        home.apply("old", #"{"metadata":{"deletionTimestamp":"2026-11-22T10:00:00Z"}}"#)
        home.apply("a")
        try await home.followed { events in
            #expect(await events.listing(1)?.runs.map(\.metadata.name) == ["a"])
            home.apply("a", #"{"metadata":{"deletionTimestamp":"2026-11-22T10:00:00Z"}}"#)
            home.apply("a", #"{"metadata":{"deletionTimestamp":"2026-11-22T10:00:00Z"},"spec":{"priority":1}}"#)
            home.cluster.delete("pipelineruns", "team", "a")
            home.apply("b")
            await events.until { $0.last.map { if case .run = $0 { true } else { false } } ?? false }
            #expect(events.all.filter { if case .runGone = $0 { true } else { false } }.count == 1)
        }
    }

    @Test func whatNobodyNeedsIsDropped() async throws {
        let home = ClusterHome()
        home.apply(
            "a",
            #"""
            {"metadata":{"labels":{"team":"x"},"annotations":{"note":"y",
            "kubectl.kubernetes.io/last-applied-configuration":"{…}"}}}
            """#)
        try await home.followed { events in
            let run = try #require(await events.listing(1)?.runs.first)
            #expect(run.metadata.annotations == ["note": "y"])
            #expect(run.metadata.labels == ["team": "x"])
        }
    }

    @Test func anObjectThatCannotBeReadIsReadAsFarAsItCanAndTold() async throws {
        let home = ClusterHome()
        home.apply("odd", #"{"spec":{"priority":"high","pipelineRef":{"name":"ci"},"newField":1}}"#)
        home.apply("fine")
        try await home.followed { events in
            let runs = try #require(await events.listing(1)).runs
            #expect(runs.count == 2)
            #expect(runs.first { $0.metadata.name == "odd" }?.spec.pipelineRef?.name == "ci")
            #expect(home.warnings.contains { $0.contains("team/odd") && $0.contains("spec.priority") })
        }
    }

    // MARK: Writing

    @Test func aStatusIsWrittenAloneAndWithItsVersion() async throws {
        let home = ClusterHome()
        home.apply(
            "a", #"{"spec":{"pipelineRef":{"name":"ci"},"fieldOfTheFuture":{"x":1}},"metadata":{"labels":{"l":"1"}}}"#)
        try await home.followed { events in
            let run = try #require(await events.listing(1)?.runs.first)
            let outcome = await home.write(run, "Active")
            let stored = try #require(home.cluster.object("pipelineruns", "team", "a"))
            let version = try #require(stored["metadata"]?["resourceVersion"]?.string)
            #expect(outcome == .stored(resourceVersion: version))
            #expect(stored["spec"]?["fieldOfTheFuture"]?["x"]?.int == 1)
            #expect(stored["metadata"]?["labels"]?["l"]?.string == "1")
            #expect(stored["status"]?["conditions"]?.array?.first?["reason"]?.string == "Active")
            let request = try #require(home.cluster.requests(.put).first)
            #expect(request.path == "/apis/martlet.dev/v1alpha1/namespaces/team/pipelineruns/a/status")
            #expect(request["fieldManager"] == "martlet-controller")
            #expect(request.node?["spec"] == nil)
            #expect(request.node?["metadata"]?.members?.map(\.key) == ["name", "namespace", "uid", "resourceVersion"])
        }
    }

    @Test func aChangeThatCameBetweenIsAConflictWithTheObjectAsItIs() async throws {
        let home = ClusterHome()
        home.apply("a")
        try await home.followed { events in
            let run = try #require(await events.listing(1)?.runs.first)
            home.apply("a", #"{"spec":{"desiredState":"Cancelled"}}"#)
            guard case .conflict(let fresh) = await home.write(run, "Active") else {
                Issue.record("no conflict")
                return
            }
            #expect(fresh.spec.desiredState == .cancelled)
            #expect(await home.write(fresh, "Active").isStored)
        }
    }

    @Test func aWriteToWhatIsGoneOrHasASuccessorSaysSo() async throws {
        let home = ClusterHome()
        home.apply("a")
        try await home.followed { events in
            let run = try #require(await events.listing(1)?.runs.first)
            home.cluster.delete("pipelineruns", "team", "a")
            #expect(await home.write(run, "Active") == .gone)
            home.apply("a")
            #expect(await home.write(run, "Active") == .gone)
        }
    }

    @Test(arguments: [
        (
            APIError.refused(
                APIStatus(
                    code: 422, reason: "Invalid", message: "m",
                    causes: [
                        .init(reason: "FieldValueInvalid", message: "too long", field: "status.progress")
                    ])), WriteOutcome.refused("status.progress: too long")
        ),
        (
            .refused(APIStatus(code: 413, message: "limit is 3145728")),
            .refused("limit is 3145728 (413)")
        ),
        (
            .refused(APIStatus(code: 500, message: "etcdserver: request is too large")),
            .refused("etcdserver: request is too large (500)")
        ),
        (
            .refused(APIStatus(code: 404, message: "the server could not find the requested resource")),
            .failed("the server could not find the requested resource (404)")
        ),
        (.refused(APIStatus(code: 503, message: "starting")), .failed("starting (503)")),
        (.refused(APIStatus(code: 403, message: "no")), .failed("no (403)")),
        (.unreachable("reset"), .failed("reset")),
    ])
    func refusalsSayWhetherTryingAgainHelps(_ error: APIError, _ expected: WriteOutcome) async throws {
        let home = ClusterHome()
        home.apply("a")
        try await home.followed { events in
            let run = try #require(await events.listing(1)?.runs.first)
            home.cluster.next(.fail(error)) { $0.method == .put }
            #expect(await home.write(run, "Active") == expected)
        }
    }

    @Test func aStatusThatIsTooLargeIsNotEvenSent() async throws {
        let home = ClusterHome()
        home.apply("a")
        try await home.followed { events in
            var run = try #require(await events.listing(1)?.runs.first)
            run.status.stages = (0..<256).map { number in
                var stage = StageStatus(id: "s\(number)")
                stage.message = String(repeating: "x", count: 2048)
                return stage
            }
            guard case .refused = await home.write(run, "Active") else {
                Issue.record("not refused")
                return
            }
            #expect(home.cluster.requests(.put).isEmpty)
        }
    }

    @Test func writesOfOneCallAreSentAtOnce() async throws {
        let home = ClusterHome()
        for name in ["a", "b", "c"] { home.apply(name) }
        try await home.followed { events in
            let runs = try #require(await events.listing(1)).runs.sorted { $0.metadata.name < $1.metadata.name }
            let gate = FakeCluster.Gate()
            home.cluster.next(.holdAnswer(gate)) { $0.path.contains("/a/") }
            async let outcomes = home.store.write(runs.map { home.statusWrite($0, "Active") })
            await gate.reached()
            await home.cluster.until { $0.object("pipelineruns", "team", "c")?["status"] != nil }
            gate.open()
            #expect(await outcomes.map(\.isStored) == [true, true, true])
        }
    }

    @Test func nothingIsSentByWhoDoesNotLead() async throws {
        let home = ClusterHome()
        home.apply("a")
        try await home.followed { events in
            let run = try #require(await events.listing(1)?.runs.first)
            home.leads.value = false
            #expect(await home.write(run, "Active") == .failed("this controller doesn't lead any more"))
            #expect(
                await home.store.delete(home.reference(run)) == .failed("this controller doesn't lead any more"))
            #expect(home.cluster.requests.allSatisfy { $0.method == .get })
        }
    }

    // MARK: Never older than what was written

    @Test func whatTheWatchShowsLateIsHeldBackUntilTheOwnWriteShows() async throws {
        let home = ClusterHome()
        home.apply("a")
        try await home.followed { events in
            let run = try #require(await events.listing(1)?.runs.first)
            home.cluster.silence(true)
            home.apply("a", #"{"spec":{"priority":3}}"#)
            guard case .conflict(let fresh) = await home.write(run, "Active") else {
                Issue.record("no conflict")
                return
            }
            guard case .stored(let version) = await home.write(fresh, "Active") else {
                Issue.record("not stored")
                return
            }
            home.apply("a", #"{"spec":{"desiredState":"Paused"}}"#)
            home.cluster.silence(false)
            await events.until {
                $0.contains { if case .run(let run) = $0 { run.spec.desiredState == .paused } else { false } }
            }
            let seen = events.all.compactMap { if case .run(let run) = $0 { run } else { nil } }
            // Neither the version before the conflict's read nor that one; the own write, then what came after it.
            #expect(seen.first?.metadata.resourceVersion == version)
            #expect(seen.count == 2)
            #expect(seen.allSatisfy { $0.status.succeeded?.reason == "Active" })
        }
    }

    @Test func anEchoThatComesBeforeItsAnswerHoldsNothingBack() async throws {
        let home = ClusterHome()
        home.apply("a")
        try await home.followed { events in
            let run = try #require(await events.listing(1)?.runs.first)
            let gate = FakeCluster.Gate()
            home.cluster.next(.holdAnswer(gate)) { $0.method == .put }
            async let outcome = home.write(run, "Active")
            await gate.reached()
            await events.until { $0.count == 2 }
            gate.open()
            #expect(await outcome.isStored)
            home.apply("a", #"{"spec":{"desiredState":"Paused"}}"#)
            await events.until { $0.count == 3 }
        }
    }

    @Test func aListNeverOverlapsAWrite() async throws {
        let home = ClusterHome()
        home.apply("a")
        try await home.followed { events in
            let run = try #require(await events.listing(1)?.runs.first)
            let writing = FakeCluster.Gate()
            home.cluster.next(.holdAnswer(writing)) { $0.method == .put }
            async let outcome = home.write(run, "Active")
            await writing.reached()
            home.cluster.compact()
            home.cluster.cutWatches()
            // The watch is refused and a list wanted, which waits for the write.
            await home.cluster.until {
                $0.requests.filter { $0["watch"] != nil && $0.path.hasSuffix("runs") }.count == 2
            }
            #expect(home.cluster.requests.filter { $0["limit"] != nil && $0.path.hasSuffix("runs") }.count == 1)
            writing.open()
            #expect(await outcome.isStored)
            let listed = try #require(await events.listing(2)).runs.first
            #expect(listed?.status.succeeded?.reason == "Active")
        }
    }

    // MARK: Direct reads, deleting, making

    @Test func aRunIsFoundByItsUIDAndNobodyLooksTwiceForOneThatIsGone() async throws {
        let home = ClusterHome()
        home.apply("a")
        try await home.followed { events in
            let uid = try #require(await events.listing(1)?.runs.first).uid
            #expect(try await home.store.run(uid: uid)?.metadata.name == "a")
            let before = home.cluster.requests.count
            #expect(try await home.store.run(uid: "nobody") == nil)
            #expect(try await home.store.run(uid: "nobody") == nil)
            #expect(home.cluster.requests.count == before + 1)
            home.cluster.delete("pipelineruns", "team", "a")
            await events.until { $0.contains(.runGone(uid: uid)) }
            #expect(try await home.store.run(uid: uid) == nil)
            #expect(home.cluster.requests.count == before + 1)
        }
    }

    @Test func thoseWhoLookAtTheSameTimeShareALook() async throws {
        let home = ClusterHome()
        try await home.followed { events in
            _ = await events.listing(1)
            let gate = FakeCluster.Gate()
            home.cluster.next(.holdBefore(gate)) { $0["limit"] != nil }
            let before = home.cluster.requests.count
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await home.store.run(uid: "x") }
                await gate.reached()
                for number in 0..<20 {
                    group.addTask { _ = try? await home.store.run(uid: "y\(number)") }
                }
                gate.open()
            }
            #expect(home.cluster.requests.count <= before + 21)
        }
    }

    @Test func aRunIsDeletedOnlyAsItWasSeen() async throws {
        let home = ClusterHome()
        home.apply("a")
        try await home.followed { events in
            let run = try #require(await events.listing(1)?.runs.first)
            home.apply("a", #"{"spec":{"rerunCount":1}}"#)
            #expect(await home.store.delete(home.reference(run)) == .conflict)
            let fresh = try #require(try await home.store.run(uid: run.uid))
            #expect(await home.store.delete(home.reference(fresh)) == .deleted)
            await events.until { $0.last == .runGone(uid: run.uid) }
            #expect(await home.store.delete(home.reference(fresh)) == .gone)
            home.apply("a")
            #expect(await home.store.delete(home.reference(fresh)) == .gone)
            let options = try #require(home.cluster.requests(.delete).first?.node)
            #expect(options["propagationPolicy"]?.string == "Background")
            #expect(options["preconditions"]?["uid"]?.string == run.uid)
        }
    }

    @Test func aRunThatTheControllerMakesGoesWithItsPipelineAndIsMadeOnce() async throws {
        let home = ClusterHome()
        home.applyPipeline("ci")
        try await home.followed { events in
            let pipeline = try #require(await events.listing(1)?.pipelines.first)
            var spec = PipelineRunSpec()
            spec.pipelineRef = PipelineReference(name: "ci")
            var metadata = Metadata(name: "ci-1")
            metadata.namespace = "team"
            metadata.labels["martlet.dev/pipeline"] = "ci"
            let run = PipelineRun(metadata: metadata, spec: spec)
            guard case .made(let made) = await home.store.create(run, ownedBy: pipeline) else {
                Issue.record("not made")
                return
            }
            #expect(made.metadata.uid?.isEmpty == false)
            let owner = home.cluster.object("pipelineruns", "team", "ci-1")?["metadata"]?["ownerReferences"]?.array?
                .first
            #expect(owner?["uid"]?.string == pipeline.metadata.uid)
            #expect(owner?["kind"]?.string == "Pipeline")
            #expect(await home.store.create(run, ownedBy: pipeline) == .exists)
        }
    }

    // MARK: Pipelines

    @Test func aPipelineIsToldWhetherItMakesSense() async throws {
        let home = ClusterHome()
        home.applyPipeline("ci")
        home.applyPipeline("bad", #"{"spec":{"stages":[{"name":"a","run":"true","needs":["b"]}]}}"#)
        try await home.followed { events in
            _ = await events.listing(1)
            await home.cluster.until { $0.condition("ci") != nil && $0.condition("bad") != nil }
            #expect(home.cluster.condition("ci")?["status"]?.string == "True")
            let bad = try #require(home.cluster.condition("bad"))
            #expect(bad["status"]?.string == "False")
            #expect(bad["reason"]?.string == "InvalidSpec")
            #expect(bad["message"]?.string?.contains("spec.stages[0].needs[0]") == true)
            #expect(bad["observedGeneration"]?.int == 1)
            // Its own write comes back as a change, and is no reason for another.
            await events.until { $0.count >= 3 }
            home.applyPipeline("bad", #"{"spec":{"stages":[{"name":"a","run":"true"}]}}"#)
            await home.cluster.until { $0.condition("bad")?["status"]?.string == "True" }
            #expect(home.cluster.requests(.put, "/status").count == 3)
        }
    }
}

extension FakeCluster {
    fileprivate func condition(_ pipeline: String) -> Node? {
        object("pipelines", "team", pipeline)?["status"]?["conditions"]?.array?.first
    }
}

extension WriteOutcome {
    fileprivate var isStored: Bool { if case .stored = self { true } else { false } }
}
