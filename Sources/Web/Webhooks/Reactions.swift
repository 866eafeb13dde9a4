internal import Controller
internal import Model
internal import Planning
internal import Synchronization

/// Does what events ask for.
struct Reactions: Sendable {
    let desk: any RunDesk
    let view: any RunsView
    let questions: GitHubQuestions
    let patience: Duration
    private let index = IndexCache()
    private let underWay = DeliveriesUnderWay()
    private let openings = PullRequestsUnderWay()

    init(desk: any RunDesk, view: any RunsView, questions: GitHubQuestions, patience: Duration) {
        self.desk = desk
        self.view = view
        self.questions = questions
        self.patience = patience
    }

    func outcome(
        of event: GitHubEvent, in repository: GitHubRepository?, delivery: String
    ) async -> DeliveryOutcome {
        guard let repository else {
            if case .ignored(let reason) = event { return .ignored(reason) }
            return .ignored("pong")
        }
        switch event {
        case .ping: return .ignored("pong")
        case .ignored(let reason): return .ignored(reason)
        case .source(let event): return await react(to: event, in: repository)
        case .rerun(let id): return await once(delivery) { await rerun(check: id, in: repository) }
        case .rerunAll(let head): return await once(delivery) { await rerun(head: head, in: repository) }
        case .comment(let comment): return await once(delivery) { await obey(comment, in: repository) }
        }
    }

    /// Carries out what can't be told from its having been asked for twice.
    private func once(_ delivery: String, _ work: () async -> DeliveryOutcome) async -> DeliveryOutcome {
        guard underWay.begin(delivery) else { return .ignored("this delivery is being handled") }
        defer { underWay.end(delivery) }
        do {
            if try await desk.hasHandled(delivery) { return .ignored("this delivery was handled before") }
        } catch {
            return .outOfReach("whether this delivery was handled before isn't known: \(error)")
        }
        var outcome = await work()
        if outcome.mayHelpToTryAgain { return outcome }
        do {
            try await desk.remember(delivery)
        } catch {
            // What was asked for is done. To ask for the delivery again would have it done twice.
            let trouble = "it is not remembered, and would be obeyed again: \(error)"
            outcome.reason = outcome.reason.map { "\($0); \(trouble)" } ?? trouble
        }
        return outcome
    }

    // MARK: Branches, tags, pull requests

    private func react(to event: SourceEvent, in repository: GitHubRepository) async -> DeliveryOutcome {
        let index: TriggerIndex
        do {
            index = self.index.index(of: try await desk.pipelines())
        } catch {
            return .outOfReach("the pipelines aren't known: \(error)")
        }
        guard case .pullRequest(let change) = event.kind else { return await outcome(of: event, by: index) }
        if change.isClosed, index.decision(for: event).cancelsRuns {
            openings.closed(change.number, in: repository)
            return await cancel(pullRequest: change.number, in: repository, because: "the pull request was closed")
        }
        let number = openings.began(change.number, in: repository)
        let outcome = await outcome(of: event, change, in: repository, by: index)
        guard openings.ended(number, of: change.number, in: repository) else { return outcome }
        // Its closing found nothing to cancel yet.
        return await cancel(outcome, because: "the pull request was closed meanwhile")
    }

    private func outcome(
        of event: SourceEvent, _ change: PullRequestChange, in repository: GitHubRepository, by index: TriggerIndex
    ) async -> DeliveryOutcome {
        guard index.dependsOnPaths(event) else { return await outcome(of: event, by: index) }
        let files = await within(patience) {
            await questions.changedFiles(repository.owner, repository.name, change.number)
        }
        var (event, change) = (event, change)
        if let files {
            change.changed = ChangedPaths(files)
            event.kind = .pullRequest(change)
        }
        return await outcome(of: event, by: index)
    }

    /// Makes the runs that an event asks for.
    private func outcome(of event: SourceEvent, by index: TriggerIndex) async -> DeliveryOutcome {
        let decision = index.decision(for: event)
        var outcome = DeliveryOutcome()
        outcome.passedOver = decision.passedOver
        outcome.reason = decision.reason
        guard !decision.runs.isEmpty else { return outcome }
        let made = await desk.make(decision.runs, remembering: true)
        guard made.count == decision.runs.count else {
            return .outOfReach("\(decision.runs.count) runs were to be made, and \(made.count) answers came")
        }
        outcome.runs = zip(decision.runs, made).map { DeliveryOutcome.Run($0, making: $1) }
        return outcome
    }

    /// Takes back what an event has made.
    private func cancel(_ made: DeliveryOutcome, because reason: String) async -> DeliveryOutcome {
        var outcome = made
        outcome.reason = reason
        for (place, run) in made.runs.enumerated() where run.outcome == .made {
            guard let found = try? await desk.run(run.name, namespace: run.namespace) else { continue }
            outcome.runs[place] = DeliveryOutcome.Run(found, asking: await desk.ask(.cancel, of: found))
        }
        return outcome
    }

    private func cancel(
        pullRequest number: Int, in repository: GitHubRepository, because reason: String
    ) async -> DeliveryOutcome {
        await withRuns(ofPullRequest: number, in: repository) { runs in
            var outcome = DeliveryOutcome()
            outcome.reason = reason
            // One that has ended may be about to run again, once its group has room.
            for run in runs where !run.hasEnded && run.spec.desiredState != .cancelled {
                outcome.runs.append(DeliveryOutcome.Run(run, asking: await desk.ask(.cancel, of: run)))
            }
            if outcome.runs.isEmpty { outcome.reason = reason + ", and none of its runs is active" }
            return outcome
        }
    }

    private func withRuns(
        ofPullRequest number: Int, in repository: GitHubRepository,
        _ use: ([PipelineRun]) async -> DeliveryOutcome
    ) async -> DeliveryOutcome {
        // Mostly all forms are one. Where ssh has a port of its own, a pipeline may be of either.
        var known: [String] = []
        var runs: [PipelineRun] = []
        for url in repository.urls where !known.contains(RepositoryURL.normalised(url)) {
            known.append(RepositoryURL.normalised(url))
            do {
                runs += try await desk.runs(ofPullRequest: number, in: url)
            } catch {
                return .outOfReach("the pull request's runs aren't known: \(error)")
            }
        }
        return await use(runs)
    }

    // MARK: Checks

    private func rerun(check id: String, in repository: GitHubRepository) async -> DeliveryOutcome {
        guard let first = id.firstIndex(of: "/"), let last = id.lastIndex(of: "/"), first < last,
            let asked = Int(id[id.index(after: last)...]), !id[..<first].isEmpty, id.utf8.count <= 256
        else { return .ignored("the check isn't one of a run here") }
        let run: PipelineRun?
        do {
            run = try await desk.run(String(id[..<first]), namespace: nil)
        } catch {
            return .outOfReach("the run isn't known: \(error)")
        }
        guard let run, isRun(run, of: repository) else { return .ignored("there is no such run of this repository") }
        var outcome = DeliveryOutcome()
        if run.spec.rerunCount > asked {
            // Somebody has asked for it since the check was written, or this delivery came before.
            outcome.runs = [DeliveryOutcome.Run(run, .exists)]
        } else {
            outcome.runs = [await rerun(run)]
        }
        return outcome
    }

    private func rerun(head: String, in repository: GitHubRepository) async -> DeliveryOutcome {
        guard view.isListed else { return .outOfReach("the runs aren't known yet") }
        let runs = view.runs.filter { run in
            (run.spec.source?.revision == head || run.status.source?.revision == head) && isRun(run, of: repository)
        }
        return await rerunFailed(of: runs)
    }

    /// Whether a run is the repository's: an id alone could be any run's.
    private func isRun(_ run: PipelineRun, of repository: GitHubRepository) -> Bool {
        let hashes = repository.urls.map(RunLabels.repositoryHash)
        if let hash = run.metadata.labels[RunLabels.repository] { return hashes.contains(hash) }
        let url = run.status.source?.url ?? run.spec.source?.url ?? view.pipeline(of: run)?.spec.source?.url
        return url.map { hashes.contains(RunLabels.repositoryHash($0)) } ?? false
    }

    /// Runs the newest of each pipeline's runs again, where it has failed.
    ///
    /// - Parameter runs: The newest first.
    private func rerunFailed(of runs: [PipelineRun]) async -> DeliveryOutcome {
        var outcome = DeliveryOutcome()
        var seen: Set<String> = []
        for run in runs {
            guard seen.insert(run.pipelineKey).inserted else { continue }
            guard run.status.isFinished, run.status.succeeded?.status != .true else { continue }
            if run.wantsRerun {
                outcome.runs.append(DeliveryOutcome.Run(run, .exists))
            } else {
                outcome.runs.append(await rerun(run))
            }
        }
        if outcome.runs.isEmpty {
            outcome.reason = runs.isEmpty ? "there are no such runs" : "no pipeline's newest run has failed"
        }
        return outcome
    }

    private func rerun(_ run: PipelineRun) async -> DeliveryOutcome.Run {
        // It would get round those who have to look at it first.
        if run.isHeldFork {
            return DeliveryOutcome.Run(
                run, .refused, "it comes from a fork and was never let go: comment /ok-to-test and the commit's full id"
            )
        }
        return DeliveryOutcome.Run(run, asking: await desk.ask(.rerun, of: run))
    }

    // MARK: Comments

    private func obey(_ comment: GitHubEvent.Comment, in repository: GitHubRepository) async -> DeliveryOutcome {
        let answer: Access? = await within(patience) { await access(of: comment.author, to: repository) }
        let author = comment.author.shown(64)
        switch answer ?? .unanswered {
        case .writes: break
        case .reads: return .ignored("\(author) may not write to the repository")
        case .unknown where !comment.isOwner:
            return .ignored(
                "whether \(author) may write to the repository can't be learnt (there is no token for GitHub, or it has "
                    + "no right to ask), and only its owner is believed then")
        case .unanswered where !comment.isOwner:
            return .outOfReach("whether \(author) may write to the repository isn't known: GitHub gives no answer")
        case .unknown, .unanswered: break
        }
        var outcome = DeliveryOutcome()
        var reasons: [String] = []
        for command in comment.commands {
            let next: DeliveryOutcome
            switch command {
            case .malformed(let hint): next = .ignored(hint)
            case .cancel:
                next = await cancel(
                    pullRequest: comment.number, in: repository, because: "somebody has commented /cancel")
            case .retest:
                next = await withRuns(ofPullRequest: comment.number, in: repository) { await rerunFailed(of: $0) }
            case .okToTest(let commit):
                next = await withRuns(ofPullRequest: comment.number, in: repository) { await letGo($0, at: commit) }
            }
            outcome.runs += next.runs
            outcome.isOutOfReach = outcome.isOutOfReach || next.isOutOfReach
            if let reason = next.reason { reasons.append(reason) }
        }
        outcome.reason = reasons.isEmpty ? nil : reasons.joined(separator: "; ")
        return outcome
    }

    private enum Access {
        case writes
        case reads
        /// It can't be learnt.
        case unknown
        /// It can't be learnt now.
        case unanswered
    }

    private func access(of user: String, to repository: GitHubRepository) async -> Access {
        do {
            guard let mayWrite = try await questions.mayWrite(repository.owner, repository.name, user) else {
                return .unknown
            }
            return mayWrite ? .writes : .reads
        } catch {
            return .unanswered
        }
    }

    private func letGo(_ runs: [PipelineRun], at commit: String) async -> DeliveryOutcome {
        var outcome = DeliveryOutcome()
        var seen: Set<String> = []
        for run in runs where run.isOfFork && run.spec.source?.revision == commit {
            let isNewest = seen.insert(run.pipelineKey).inserted
            if run.status.isFinished {
                // Its time was over before anybody had looked at it, or a newer one took its place.
                guard isNewest, run.isHeldFork, run.hasEnded else { continue }
                let asked = await desk.ask(.rerun, of: run)
                guard asked == .done, run.spec.desiredState == .paused else {
                    outcome.runs.append(DeliveryOutcome.Run(run, asking: asked))
                    continue
                }
            } else if run.spec.desiredState != .paused {
                continue
            }
            outcome.runs.append(DeliveryOutcome.Run(run, asking: await desk.ask(.resume, of: run)))
        }
        if outcome.runs.isEmpty { outcome.reason = "no run of this pull request waits at that commit" }
        return outcome
    }
}

extension PipelineRun {
    fileprivate var pipelineKey: String { "\(metadata.namespace ?? "")/\(spec.pipelineRef?.name ?? "")" }
}

/// The index of the pipelines as they were last.
private final class IndexCache: Sendable {
    private let index = Mutex<TriggerIndex?>(nil)

    func index(of pipelines: [Pipeline]) -> TriggerIndex {
        // Where both are one list in memory, as they are while nothing changes, this takes no time.
        if let known = index.withLock({ $0 }), known.pipelines == pipelines { return known }
        let made = TriggerIndex(pipelines)
        index.withLock { $0 = made }
        return made
    }
}

/// What the work gives, or nil once the time is over. The work is cancelled then, and has to end.
private func within<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async -> Value?
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await work() }
        group.addTask {
            try? await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
    }
}
