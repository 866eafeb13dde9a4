package import Controller
internal import Document
internal import KubernetesAPI
package import Model
internal import Synchronization

// What is written to the API server.
extension KubernetesStore {
    /// So many that a slow answer holds up nobody else.
    package var concurrentWrites: Int { 64 }

    package func write(_ writes: [StatusWrite]) async -> [WriteOutcome] {
        if let only = writes.first, writes.count == 1 { return [await write(only)] }
        return await withTaskGroup(of: (Int, WriteOutcome).self) { group in
            for (place, write) in writes.enumerated() {
                group.addTask { (place, await self.write(write)) }
            }
            var outcomes = [WriteOutcome](repeating: .failed("no answer"), count: writes.count)
            for await (place, outcome) in group { outcomes[place] = outcome }
            return outcomes
        }
    }

    private func write(_ write: StatusWrite) async -> WriteOutcome {
        let update = StatusUpdate(
            Self.runs, kind: PipelineRun.kind, uid: write.uid, name: write.name, namespace: write.namespace,
            resourceVersion: write.resourceVersion, status: write.status)
        guard update.size <= FolderStore.statusLimit else {
            return .refused("the status is \(update.size) bytes; at most \(FolderStore.statusLimit) are stored")
        }
        await gate.enter()
        defer { gate.leave() }
        guard mayAct() else { return .failed(Self.leadsNoMore) }
        sight.withLock { $0.runs.requested(write.uid) }
        let outcome = await send(update.request, write)
        sight.withLock { $0.runs.answered(write.uid, RunProgress.Answer(outcome)) }
        return outcome
    }

    private static let leadsNoMore = "this controller doesn't lead any more"

    private func send(_ request: APIRequest, _ write: StatusWrite) async -> WriteOutcome {
        do throws(APIError) {
            let answer = try await connection.send(request)
            guard let version = Self.version(in: answer) else {
                return .failed("the API server's answer to a status has no version")
            }
            return .stored(resourceVersion: version)
        } catch {
            if let outcome = StatusUpdate.outcome(of: error, name: write.name) { return outcome }
        }
        switch await read(write.uid, write.name, write.namespace) {
        case .success(let run?): return .conflict(run)
        case .success(nil): return .gone
        case .failure(let error): return .failed(error.description)
        }
    }

    private static func version(in answer: [UInt8]) -> String? {
        (try? parseJSON(answer))?["metadata"]?["resourceVersion"]?.string
    }

    /// The run as it is now; nil when it is gone, or another has its name.
    private func read(_ uid: String, _ name: String, _ namespace: String?) async -> Result<PipelineRun?, APIError> {
        let answer: [UInt8]
        do throws(APIError) {
            answer = try await connection.send(APIRequest(.get, Self.runs.path(namespace: namespace, name: name)))
        } catch {
            if let status = error.status, status.code == 404, status.isAbout(name) { return .success(nil) }
            return .failure(error)
        }
        guard let node = try? parseJSON(answer), let run = reader.run(node) else {
            return .failure(.unreachable("the API server's answer can't be read"))
        }
        return .success(run.uid == uid && !run.isTerminating ? run : nil)
    }

    // MARK: Deleting and making

    package func delete(_ run: RunReference) async -> DeleteOutcome {
        guard mayAct() else { return .failed(Self.leadsNoMore) }
        var json = JSONWriter()
        json.beginObject()
        json.member("apiVersion", "v1")
        json.member("kind", "DeleteOptions")
        json.member("propagationPolicy", "Background")
        json.key("preconditions")
        json.beginObject()
        json.member("uid", run.uid)
        json.member("resourceVersion", run.resourceVersion)
        json.endObject()
        json.endObject()
        let request = APIRequest(
            .delete, Self.runs.path(namespace: run.namespace, name: run.name), body: json.bytes)
        do throws(APIError) {
            _ = try await connection.send(request)
            return .deleted
        } catch {
            guard let status = error.status else { return .failed(error.description) }
            if status.code == 404, status.isAbout(run.name) { return .gone }
            guard status.code == 409 else { return .failed(error.description) }
        }
        switch await read(run.uid, run.name, run.namespace) {
        case .success(.some): return .conflict
        case .success(nil): return .gone
        case .failure(let error): return .failed(error.description)
        }
    }

    /// Makes a run, for a webhook or a schedule. Whoever makes one of that name first has made it, whether it leads or not.
    ///
    /// - Parameter owner: The pipeline with which the run goes. Runs that people apply are theirs and have no owner.
    package func create(_ run: PipelineRun, ownedBy owner: Pipeline?) async -> MakeOutcome {
        let request = APIRequest(
            .post, Self.runs.path(namespace: run.metadata.namespace ?? "default"),
            query: [.init("fieldManager", Self.fieldManager), .init("fieldValidation", "Strict")],
            body: Self.body(of: run, ownedBy: owner))
        do throws(APIError) {
            let answer = try await connection.send(request)
            guard let made = (try? parseJSON(answer)).flatMap(reader.run) else {
                return .failed("the API server's answer can't be read")
            }
            guard made.spec.source?.trust == run.spec.source?.trust else {
                // Definitions of an older version drop the field, and a stranger's code would be taken for a friend's.
                await remove(made)
                return .refused(
                    "the cluster's definition of PipelineRun is an older one, without `source.trust`: apply crds/")
            }
            return .made(made)
        } catch {
            if let status = error.status, status.code == 409, status.reason == "AlreadyExists" { return .exists }
            switch StatusUpdate.outcome(of: error, name: run.metadata.name) {
            case .refused(let problem): return .refused(problem)
            default: return .failed(error.description)
            }
        }
    }

    private func remove(_ run: PipelineRun) async {
        let path = Self.runs.path(namespace: run.metadata.namespace, name: run.metadata.name)
        do throws(APIError) {
            _ = try await connection.send(APIRequest(.delete, path))
        } catch {
            warn("run \(run.metadata.name), whose trust was not kept, could not be deleted: \(error)")
        }
    }

    private static func body(of run: PipelineRun, ownedBy owner: Pipeline?) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 2048)
        json.beginObject()
        json.member("apiVersion", Resource.apiVersion)
        json.member("kind", PipelineRun.kind)
        json.key("metadata")
        json.beginObject()
        json.member("name", run.metadata.name)
        json.member("namespace", run.metadata.namespace)
        write("labels", run.metadata.labels, into: &json)
        write("annotations", run.metadata.annotations, into: &json)
        if let owner, let uid = owner.metadata.uid {
            json.key("ownerReferences")
            json.beginArray()
            json.beginObject()
            json.member("apiVersion", Resource.apiVersion)
            json.member("kind", Pipeline.kind)
            json.member("name", owner.metadata.name)
            json.member("uid", uid)
            json.member("controller", true)
            json.endObject()
            json.endArray()
        }
        json.endObject()
        json.key("spec")
        FieldWriter.write(run.spec, into: &json)
        json.endObject()
        return json.bytes
    }

    private static func write(_ name: StaticString, _ map: StringMap, into json: inout JSONWriter) {
        guard !map.isEmpty else { return }
        json.key(name)
        json.beginObject()
        for entry in map.entries {
            json.key(entry.key)
            json.string(entry.value)
        }
        json.endObject()
    }
}

extension RunProgress.Answer {
    fileprivate init(_ outcome: WriteOutcome) {
        switch outcome {
        case .stored(let version): self = .version(version)
        case .conflict(let run): self = .version(run.metadata.resourceVersion ?? "")
        case .gone: self = .gone
        case .refused, .failed: self = .nothing
        }
    }
}
