package import Model
internal import Planning

/// What has been said of one run, and so what is news in its next status.
package struct RunStory: Equatable, Sendable {
    private var said: Set<Occurrence.Key> = []
    /// Attempts whose beginning has been said and whose end hasn't.
    private var open: [Fence] = []
    /// Everything up to then has been said, whatever it was: what is left of a story that came to an end.
    private let past: Timestamp?

    package init(past: Timestamp? = nil) {
        self.past = past
    }

    /// Gives what has happened and has not been said, in order, and takes it as said.
    package mutating func tell(_ run: PipelineRun) -> [Occurrence] {
        var news = ends(in: run)
        let unsaid = Occurrence.all(of: run) { !isPast($0) && !said.contains($0.key) }
        for occurrence in unsaid {
            said.insert(occurrence.key)
            switch occurrence.what {
            case .stageStarted(let fence): open.append(fence)
            case .stageFinished(let fence, _, _, _): open.removeAll { $0 == fence }
            case .runQueued, .runStarted, .runFinished: break
            }
            news.append(occurrence)
        }
        return news
    }

    private func isPast(_ occurrence: Occurrence) -> Bool {
        guard let past else { return false }
        return occurrence.time.map { $0 <= past } ?? false
    }

    /// The ends of attempts that the status shows no more: lost with their agent, given back, begun anew by a rerun.
    private mutating func ends(in run: PipelineRun) -> [Occurrence] {
        var ends: [Occurrence] = []
        for fence in open {
            guard let stage = run.status[stage: fence.stage] else { continue }
            let isShown = stage.attempt < fence.attempt || stage.attempt == fence.attempt && stage.startTime != nil
            // A status from before the claim.
            let isYoung = stage.attempt == fence.attempt && stage.state.isBound
            if isShown || isYoung { continue }
            let isOther = stage.attempt > fence.attempt
            ends.append(
                Occurrence(
                    .stageFinished(
                        fence, stage.failures > 0 && isOther ? .failure : .error,
                        reason: stage.failures > 0 && isOther ? Reason.failure : Reason.agentLost,
                        errors: isOther ? "another attempt takes its place" : stage.message ?? "it was given up"),
                    at: nil))
        }
        for end in ends {
            said.insert(end.key)
            if case .stageFinished(let fence, _, _, _) = end.what { open.removeAll { $0 == fence } }
        }
        return ends
    }
}
