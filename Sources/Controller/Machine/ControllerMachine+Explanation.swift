internal import Model
internal import Planning

extension ControllerMachine {
    /// Why a run stands where it does, by all that this controller knows; nil for a run that isn't there.
    func explanation(of uid: String, at now: Moment) -> RunExplanation? {
        guard let entry = runs[uid] else { return nil }
        let agents: ExplanationInput.Agents =
            isLinkUp ? .known(candidates) : .outOfReach("its answers have stopped coming")
        var input = ExplanationInput(
            run: entry.run, graph: entry.graph, obstacle: entry.obstacle ?? entry.admission,
            source: entry.run.status.isFinished ? nil : entry.source, agents: agents, now: now.wall)
        input.holders = holders(besides: entry)
        return Planning.explanation(of: input)
    }

    /// Who has started in a run's concurrency group, by name.
    private func holders(besides entry: RunEntry) -> [String] {
        guard let group = entry.applicant?.group else { return [] }
        return (groups[group] ?? []).compactMap { runs[$0]?.applicant }
            .filter { $0.hasStarted && $0.run != entry.run.uid }.map(\.name).sorted()
    }
}
