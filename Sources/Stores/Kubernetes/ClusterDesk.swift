package import Controller
internal import Document
internal import KubernetesAPI
package import Model

/// Makes runs in a cluster, and asks things of them, for webhooks, schedules and pages.
///
/// It needs no lead: names follow from what a run is for, so that the API server lets only one of all who make it
/// succeed, and what is asked is a field that anybody may set.
package final class ClusterDesk: RunDesk {
    /// How often a change is tried that others' changes overtake.
    private static let tries = 5

    private let store: KubernetesStore
    private let board: RunBoard
    private let handled: HandledDeliveries

    /// - Parameters:
    ///   - store: asks the API server; it need not be one that anybody follows.
    ///   - board: is told what is there.
    ///   - handled: knows which events have been handled, though their runs may have been deleted.
    package init(_ store: KubernetesStore, board: RunBoard, handled: HandledDeliveries) {
        self.store = store
        self.board = board
        self.handled = handled
    }

    package func pipelines() async throws -> [Pipeline] {
        guard board.isListed else { throw APIError.unreachable("the pipelines have not been listed yet") }
        return board.pipelines
    }

    package func make(_ runs: [PipelineRun], remembering: Bool) async -> [MakeOutcome] {
        if runs.isEmpty { return [] }
        if remembering {
            do throws(APIError) { try requireMemory() } catch { return runs.map { _ in .failed("\(error)") } }
        }
        return await withTaskGroup(of: (Int, MakeOutcome).self) { group in
            for (place, run) in runs.enumerated() { group.addTask { (place, await self.make(run, remembering)) } }
            var outcomes = [MakeOutcome](repeating: .failed("no answer"), count: runs.count)
            for await (place, outcome) in group { outcomes[place] = outcome }
            return outcomes
        }
    }

    private func make(_ run: PipelineRun, _ remembering: Bool) async -> MakeOutcome {
        if remembering, handled.contains(run.memoryKey) { return .exists }
        await store.gate.enter()
        defer { store.gate.leave() }
        let outcome = await store.create(run, ownedBy: board.pipeline(of: run))
        if remembering, outcome.isSettled { handled.add(run.memoryKey) }
        return outcome
    }

    private func requireMemory() throws(APIError) {
        guard handled.isKnown else {
            throw APIError.unreachable("it is not known yet which deliveries have been handled")
        }
    }

    package func hasHandled(_ delivery: String) throws -> Bool {
        try requireMemory()
        return handled.contains(delivery)
    }

    package func remember(_ delivery: String) { handled.add(delivery) }

    package func runs(ofPullRequest number: Int, in repository: String) async throws -> [PipelineRun] {
        // Past every cache: one that another replica has just made counts, too.
        let selector =
            "\(RunLabels.pullRequest)=\(number),\(RunLabels.repository)=\(RunLabels.repositoryHash(repository))"
        let answer = try await store.connection.send(
            APIRequest(
                .get, KubernetesStore.runs.path(namespace: store.namespace), query: [.init("labelSelector", selector)]))
        guard let items = (try? parseJSON(answer))?["items"]?.array else {
            throw APIError.unreachable("the API server's answer can't be read")
        }
        return items.compactMap { store.reader.run($0) }.sorted { left, right in
            (left.made, left.uid) > (right.made, right.uid)
        }
    }

    package func run(_ name: String, namespace: String?) async throws -> PipelineRun? {
        if let run = board.run(uid: name) { return run }
        // Without a namespace it may be a UID, and all runs have to be known.
        guard namespace != nil || board.isListed else {
            throw APIError.unreachable("the runs have not been listed yet")
        }
        guard let space = namespace ?? store.namespace else { return nil }
        do throws(APIError) {
            let answer = try await store.connection.send(
                APIRequest(.get, KubernetesStore.runs.path(namespace: space, name: name)))
            return (try? parseJSON(answer)).flatMap { store.reader.run($0) }
        } catch {
            if error.status?.code == 404 { return nil }
            throw error
        }
    }

    package func ask(_ verb: RunVerb, of run: PipelineRun) async -> AskOutcome {
        var run = run
        for _ in 0..<Self.tries {
            guard let spec = Self.change(verb, of: run) else { return .done }
            if let problem = Self.complaint(verb, run) { return .refused(problem) }
            do throws(APIError) {
                _ = try await store.connection.send(Self.patch(run, spec))
                return .done
            } catch {
                guard let status = error.status else { return .failed(error.description) }
                switch status.code {
                case 409: break
                case 404: return .refused("run \(run.metadata.name) is gone")
                case 400, 403, 422: return .refused(error.description)
                default: return .failed(error.description)
                }
            }
            do {
                guard let fresh = try await self.run(fresh: run) else { return .refused("the run is gone") }
                run = fresh
            } catch {
                return .failed("\(error)")
            }
        }
        return .failed("others kept changing run \(run.metadata.name)")
    }

    private func run(fresh run: PipelineRun) async throws(APIError) -> PipelineRun? {
        do throws(APIError) {
            let path = KubernetesStore.runs.path(
                namespace: run.metadata.namespace ?? "default", name: run.metadata.name)
            let answer = try await store.connection.send(APIRequest(.get, path))
            // Another one may have the name by now.
            return (try? parseJSON(answer)).flatMap { store.reader.run($0) }.flatMap { $0.uid == run.uid ? $0 : nil }
        } catch {
            if error.status?.code == 404 { return nil }
            throw error
        }
    }

    // MARK: Verbs

    /// The fields to be set; nil where everything is so already.
    private static func change(_ verb: RunVerb, of run: PipelineRun) -> PipelineRunSpec? {
        var spec = run.spec
        switch verb {
        case .cancel:
            if run.status.isFinished, spec.rerunCount <= run.status.observedRerun { return nil }
            spec.desiredState = .cancelled
        case .resume:
            if spec.desiredState == .paused { spec.desiredState = .running }
        case .rerun:
            spec.rerunCount += 1
            if spec.desiredState == .cancelled { spec.desiredState = .running }
        }
        return spec == run.spec ? nil : spec
    }

    private static func complaint(_ verb: RunVerb, _ run: PipelineRun) -> String? {
        guard verb == .rerun else { return nil }
        if run.spec.rerunCount >= 1000 { return "`\(run.metadata.name)` has been run again 1000 times" }
        if run.spec.rerunCount > run.status.observedRerun { return "`\(run.metadata.name)` is about to run again" }
        let ended = run.status.stages.contains { [.failed, .cancelled, .skipped].contains($0.state) }
        guard ended || (run.status.isFinished && run.status.succeeded?.status != .true) else {
            return "`\(run.metadata.name)` has no failed, cancelled or skipped stage to run again"
        }
        return nil
    }

    private static func patch(_ run: PipelineRun, _ spec: PipelineRunSpec) -> APIRequest {
        var json = JSONWriter()
        json.beginObject()
        json.key("metadata")
        json.beginObject()
        json.member("uid", run.metadata.uid)
        json.member("resourceVersion", run.metadata.resourceVersion)
        json.endObject()
        json.key("spec")
        json.beginObject()
        json.member("desiredState", spec.desiredState.rawValue)
        json.member("rerunCount", spec.rerunCount)
        json.endObject()
        json.endObject()
        return APIRequest(
            .patch,
            KubernetesStore.runs.path(namespace: run.metadata.namespace ?? "default", name: run.metadata.name),
            query: [.init("fieldManager", KubernetesStore.fieldManager)], body: json.bytes,
            contentType: "application/merge-patch+json")
    }
}

extension PipelineRun {
    fileprivate var made: Timestamp { metadata.creationTimestamp ?? Timestamp(seconds: 0) }
}
