internal import Model
internal import Planning

extension ControllerMachine {
    /// How things stand: counted when it is asked for, in proportion to runs that wait and agents.
    func gauges(waiting: Int, at now: Moment) -> ControllerGauges {
        var kinds: [String: ControllerGauges.Kind] = [:]
        var gauges = ControllerGauges()
        gauges.waitingInputs = waiting
        gauges.writesUnderWay = writing
        gauges.isLinkUp = isLinkUp
        gauges.boundStages = claims.count
        for entry in runs.values where !entry.run.status.isFinished {
            if entry.run.status.startTime == nil { gauges.waitingRuns += 1 } else { gauges.activeRuns += 1 }
        }
        for uid in readyRuns {
            for stage in runs[uid]?.ready ?? [] {
                kinds[stage.kind, default: .init(kind: stage.kind)].queued += 1
                let wait = max(0, now.wall.since(stage.since))
                if wait > kinds[stage.kind, default: .init(kind: stage.kind)].oldestWait {
                    kinds[stage.kind]?.oldestWait = wait
                }
            }
        }
        for candidate in candidates {
            for kind in candidate.kinds {
                kinds[kind, default: .init(kind: kind)].agents += 1
                if candidate.isDraining {
                    kinds[kind]?.draining += 1
                } else {
                    kinds[kind]?.slots += candidate.slots
                    kinds[kind]?.busySlots += max(0, candidate.slots - candidate.free)
                }
            }
        }
        gauges.kinds = kinds.keys.sorted().compactMap { kinds[$0] }
        return gauges
    }
}
