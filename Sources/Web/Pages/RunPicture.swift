internal import Model
internal import Planning
internal import Presentation

/// What pages and the API say of a run, from its object alone.
struct RunPicture {
    let run: PipelineRun
    let phase: RunPhase

    init(_ run: PipelineRun) {
        self.run = run
        phase = RunPhase(run)
    }

    var name: String { run.metadata.name }
    var namespace: String? { run.metadata.namespace }
    var pipeline: String? { run.spec.pipelineRef?.name }

    /// Within the server.
    var path: String { "/runs/\(namespace ?? "-")/\(name)" }

    var ref: String? { run.ref }
    var revision: String? { run.status.source?.revision ?? run.spec.source?.revision }
    var pullRequest: Int? { run.spec.source?.pullRequest }
    var isOfFork: Bool { run.isOfFork }
    var refText: String? { run.refText }

    /// The commit's first digits; a branch or tag as it is.
    var revisionText: String? {
        revision.map { CommitID.isFull($0) ? String($0.prefix(10)) : $0 }
    }

    /// Why it isn't further: of the run, or of the first stage that has something to say.
    var why: String {
        if run.status.isFinished { return phase.word == "Succeeded" && phase.reason.isEmpty ? "" : phase.message }
        if run.spec.desiredState == .paused, run.isHeldFork {
            return "comes from a fork: waits for /ok-to-test and the commit's full id"
        }
        if !phase.reason.isEmpty, !phase.message.isEmpty { return phase.message }
        let stage = run.status.stages.first { stage in
            (stage.state == .waiting || stage.state == .queued) && stage.message != nil
        }
        return stage.flatMap { stage in stage.message.map { "\(stage.id): \($0)" } } ?? ""
    }

    /// The host's page of the commit, where its form is known.
    func commitURL(_ pipeline: Pipeline?) -> String? {
        guard let revision, CommitID.isFull(revision) else { return nil }
        return repositoryURL(pipeline).map { "\($0)/commit/\(revision)" }
    }

    func pullRequestURL(_ pipeline: Pipeline?) -> String? {
        guard let pullRequest else { return nil }
        return repositoryURL(pipeline).map { "\($0)/pull/\(pullRequest)" }
    }

    private func repositoryURL(_ pipeline: Pipeline?) -> String? {
        let url = run.status.source?.url ?? run.spec.source?.url ?? pipeline?.spec.source?.url
        guard let name = url.map(RepositoryURL.normalised), name.hasPrefix("github.com/") else { return nil }
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isPlain ? "https://\(name)" : nil
    }
}
