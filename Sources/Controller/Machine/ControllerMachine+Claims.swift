internal import AgentProtocol
internal import Model
internal import Planning

// Bound attempts: which reach their agent, which are held, which are lost.
extension ControllerMachine {
    /// Brings the claims of a run in line with the attempts that its status binds.
    ///
    /// - Parameter published: the attempt whose assignment is being published. Any other that had no claim was bound by
    ///   somebody else, or comes back with a stored status: nobody will say whether it was delivered.
    mutating func syncClaims(_ uid: String, at now: Moment, published: Fence? = nil) {
        guard let entry = runs[uid] else { return }
        var wanted: [Fence] = []
        for stage in entry.run.status.stages where stage.state.isBound {
            guard let instance = stage.instance, let digest = stage.digest else { continue }
            let fence = stage.fence(in: uid)
            wanted.append(fence)
            if let claim = claims[fence], claim.digest == digest, claim.instance == instance {
                // Its report was taken in while nothing was known of the attempt: whatever was concluded since is void.
                if stage.state == .running, !claim.isClaimed { renew(fence, isConcluded: true, at: now) }
                if stage.state == .running { begin(fence, stage, entry) }
                continue
            }
            drop(fence)
            var claim = Claim(
                fence: fence, instance: instance, agent: stage.agent ?? "", digest: digest,
                pipeline: entry.run.share, phase: .publishing)
            if fence != published { inherit(&claim, stage, at: now) }
            claims[fence] = claim
            boundByInstance[instance, default: 0] += 1
            boundByPipeline[claim.pipeline, default: 0] += 1
            if stage.state == .running { begin(fence, stage, entry) }
            watch(fence)
            if case .concluded = claim.phase { conclude(fence, .lost(reason: Self.endedWithController, excused: true)) }
        }
        for fence in claimsByRun[uid] ?? [] where !wanted.contains(fence) { drop(fence) }
        claimsByRun[uid] = wanted.isEmpty ? nil : wanted
    }

    private static let endedWithController = "the agent ended together with the controller's process"

    /// An attempt bound by a controller before this one: it may be at the agent, on its way, or never sent.
    private func inherit(_ claim: inout Claim, _ stage: StageStatus, at now: Moment) {
        claim.isInherited = true
        claim.isClaimed = stage.state == .running
        let isOurs = configuration.inProcessInstances.contains(claim.instance)
        if claim.instance.hasPrefix(ControllerConfiguration.inProcessPrefix), !isOurs {
            claim.phase = .concluded
        } else if stage.state == .running {
            claim.phase = .held(until: now.uptime + seconds(configuration.leaseSeconds))
        } else {
            claim.phase = .published(deadline: now.uptime + seconds(configuration.leaseSeconds))
        }
    }

    /// The stage runs: its agent enforces the timeout, and the controller does so a lease later.
    private mutating func begin(_ fence: Fence, _ stage: StageStatus, _ entry: RunEntry) {
        guard claims[fence]?.overdueAt == nil, let start = stage.startTime, let lastStep = lastMoment else { return }
        let limit = entry.timeoutSeconds(of: stage.id)
        let end = start.adding(seconds: limit + configuration.leaseSeconds)
        claims[fence]?.overdueAt = max(lastStep.uptime, lastStep.uptime(at: end))
        watch(fence)
    }

    mutating func drop(_ fence: Fence) {
        guard let claim = claims.removeValue(forKey: fence) else { return }
        decrement(&boundByInstance, claim.instance)
        decrement(&boundByPipeline, claim.pipeline)
        mustSchedule = true
    }

    private func decrement(_ counts: inout [String: Int], _ key: String) {
        let count = (counts[key] ?? 0) - 1
        counts[key] = count > 0 ? count : nil
    }

    /// The agent has shown that it holds the attempt.
    mutating func renew(_ fence: Fence, isConcluded: Bool = false, at now: Moment) {
        guard let claim = claims[fence], isConcluded || claim.phase != .concluded else { return }
        claims[fence]?.phase = .held(until: now.uptime + seconds(configuration.leaseSeconds))
        claims[fence]?.isInherited = false
        claims[fence]?.isClaimed = true
        // A claim that was held already is looked at when its old deadline comes.
        if case .held = claim.phase {} else { watch(fence) }
    }

    mutating func published(_ fence: Fence, _ digest: String, _ delivered: Bool, at now: Moment) {
        guard let claim = claims[fence], claim.digest == digest, claim.phase == .publishing else { return }
        if delivered {
            claims[fence]?.phase = .published(deadline: now.uptime + seconds(configuration.claimSeconds))
            watch(fence)
            // The instance has left or died meanwhile: what it said of this one, if anything, is there to be read.
            if fleet[claim.instance] == nil { prove([fence]) }
        } else {
            // Kafka's doing, not the agent's: the instance isn't passed over.
            conclude(fence, .unclaimed)
        }
    }

    /// A claim's time may have come.
    mutating func check(_ fence: Fence, at now: Moment) {
        guard let claim = claims[fence], let deadline = claim.deadline else { return }
        guard deadline <= now.uptime else { return watch(fence) }
        guard isLinkUp else { return }
        if let overdueAt = claim.overdueAt, overdueAt <= now.uptime, !claim.isOverdue {
            claims[fence]?.isOverdue = true
            report(fence, .overdue)
            return watch(fence)
        }
        switch claim.phase {
        case .published(let deadline) where deadline <= now.uptime:
            fleet.passOver(
                claim.instance, "did not claim its last stage in time", at: now, configuration: configuration)
            conclude(fence, .unclaimed)
        case .held(let end) where end <= now.uptime:
            prove([fence])
        case .published, .held, .publishing, .proving, .concluded: break
        }
    }

    /// Reads on to what was said before now; only what is still silent then is lost.
    mutating func prove(_ fences: [Fence]) {
        guard !fences.isEmpty else { return }
        lastToken += 1
        proofs[lastToken] = fences
        for fence in fences { claims[fence]?.phase = .proving(token: lastToken) }
        actions.append(.catchUp(token: lastToken))
    }

    mutating func caughtUp(_ token: Int, at now: Moment) {
        // Before what they lost is scheduled anew: it must not go back to one of them.
        forgetSilentAgents(at: now)
        for fence in proofs.removeValue(forKey: token) ?? [] {
            guard let claim = claims[fence], claim.phase == .proving(token: token) else { continue }
            guard claim.isClaimed else {
                // All that it said has been read, and it never claimed this: nothing began, so nothing is lost.
                conclude(fence, .unclaimed)
                continue
            }
            conclude(
                fence,
                .lost(
                    reason: "agent \(claim.agent) was not heard of for \(configuration.leaseSeconds) s", excused: false)
            )
        }
    }

    private mutating func conclude(_ fence: Fence, _ event: StageReport.Event) {
        claims[fence]?.phase = .concluded
        report(fence, event)
    }

    private mutating func report(_ fence: Fence, _ event: StageReport.Event) {
        guard let claim = claims[fence] else { return }
        let report = StageReport(fence: fence, instance: claim.instance, digest: claim.digest, event: event)
        runs[fence.run]?.incoming.append(RunEntry.Incoming(report: report))
        touch(fence.run)
    }
}

extension ControllerConfiguration {
    /// How instances of agents begin that live in a controller's process, and end with it.
    package static let inProcessPrefix = "in-process."
}
