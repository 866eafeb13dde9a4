internal import Model
internal import Planning

// Gather: what a run goes through, and whether that is still what was asked for.
extension ControllerMachine {
    /// Finds the stages of a run: frozen, inline, or those of its pipeline now.
    mutating func prepareGraph(_ uid: String) {
        guard let run = runs[uid]?.run else { return }
        let cacheKey = run.spec.pipelineRef.map { key($0.name, run.metadata.namespace) }
        let ground = run.ground(
            pipeline: cacheKey.flatMap { pipelines[$0] }, isSpecChanged: isSpecChanged(run))
        var obstacle = ground.obstacle
        defer { runs[uid]?.obstacle = obstacle }
        guard let spec = ground.spec else {
            runs[uid]?.graph = nil
            return
        }
        if let graph = runs[uid]?.graph, graph.spec == spec { return }
        if let cacheKey, let cached = graphs[cacheKey], cached.spec == spec {
            runs[uid]?.graph = cached
            return
        }
        do {
            let graph = try StageGraph(spec)
            if let cacheKey { graphs[cacheKey] = graph }
            runs[uid]?.graph = graph
        } catch {
            runs[uid]?.graph = nil
            obstacle = .invalid(error.sentence(of: run))
        }
    }

    /// Set by a home on a run whose fixed part somebody wants changed, where it keeps that part itself.
    package static var specChangedAnnotation: String { "martlet.dev/spec-changed" }

    private mutating func isSpecChanged(_ run: PipelineRun) -> Bool {
        if run.metadata.annotations[Self.specChangedAnnotation] != nil { return true }
        guard let noted = run.status.specHash, var entry = runs[run.uid] else { return false }
        defer { runs[run.uid]?.specHash = entry.specHash }
        return specHash(of: &entry) != noted
    }

    /// Made once for each generation, since that takes longer than the rest of a pass.
    func specHash(of entry: inout RunEntry) -> String {
        let generation = entry.run.metadata.generation
        if let known = entry.specHash, known.generation == generation { return known.hash }
        let hash = entry.run.spec.immutableHash
        entry.specHash = (generation, hash)
        return hash
    }
}
