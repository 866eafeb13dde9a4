import Model

/// Gives ready stages to agents' free slots: one pass over the whole queue.
///
/// Highest priority first; among equals the pipeline with the fewest stages bound, those of this pass counted; then
/// what has waited longest; then by run and stage. Among agents that match, one that has the repository mirrored, then
/// the one with the smallest fraction of its slots in use; ties break by id. The stages of one run are taken in the
/// order in which they are given.
package func schedule(_ input: SchedulingInput) -> Placement {
    if let hold = input.hold { return held(input, hold) }
    var placement = Placement()
    var fleet = Fleet(input)
    var unplaced: [(ready: Int, demand: Int)] = []
    var queue = FairQueue(input)
    while let next = queue.next() {
        let stage = input.ready[next]
        let demand = fleet.demand(of: stage)
        if let place = fleet.take(demand, repository: stage.repository) {
            let candidate = input.candidates[place]
            placement.bindings.append(
                Placement.Binding(
                    run: stage.run, stage: stage.stage, agent: candidate.agent, instance: candidate.instance))
            queue.placed(next)
        } else {
            unplaced.append((next, demand))
            queue.passed(next)
        }
    }
    // Said once for each demand, and only now: what the pass itself has bound is busy too.
    var explanations = [Unmet?](repeating: nil, count: fleet.demandCount)
    placement.unplaced.reserveCapacity(unplaced.count)
    for (ready, demand) in unplaced {
        let explanation = explanations[demand] ?? fleet.explanation(of: demand, now: input.now)
        if explanations[demand] == nil {
            explanations[demand] = explanation
            if let time = explanation.lookAgain, time < placement.lookAgain ?? Timestamp(microseconds: .max) {
                placement.lookAgain = time
            }
        }
        let stage = input.ready[ready]
        placement.unplaced.append(
            Placement.Unplaced(
                run: stage.run, stage: stage.stage, reason: explanation.reason, message: explanation.message,
                isHopeless: explanation.isHopeless))
    }
    return placement
}

private func held(_ input: SchedulingInput, _ hold: String) -> Placement {
    var placement = Placement()
    // The input comes in any order, and nothing of that may show.
    let ready = input.ready.indices.sorted { left, right in
        (input.ready[left].run, left) < (input.ready[right].run, right)
    }
    placement.unplaced = ready.map { input.ready[$0] }.map {
        Placement.Unplaced(
            run: $0.run, stage: $0.stage, reason: Reason.kafkaUnreachable, message: hold, isHopeless: false)
    }
    return placement
}
