internal import Document
package import Model
internal import Synchronization

/// Tells GitHub: a commit status for a whole run, or a check run for each stage of it.
///
/// Check runs need a GitHub App. Where there is none, a pipeline that asks for them gets statuses.
package final class GitHubTarget: NotificationTarget {
    package static let targetName = "github"

    package let name = GitHubTarget.targetName
    package let concurrency = 4
    package let spacing = Duration.zero
    package let quietTime = Duration.seconds(1)
    package let isPerCommit = true

    private struct State {
        var checks: [String: CheckMemory] = [:]
        var annotations = AnnotationStore()
    }

    /// A commit may have as many check runs of ours as are looked for: ten pages of a hundred.
    private static let pageSize = 100
    private static let pageLimit = 10

    private let client: GitHubClient
    private let host: GitHubHost
    private let links: RunLinks
    private let state = Mutex(State())

    package init(_ configuration: GitHubConfiguration, externalURL: String? = nil, client: GitHubClient) {
        self.client = client
        host = configuration.host
        links = RunLinks(external: externalURL.map(URLRule.base))
    }

    package func isWanted(by run: PipelineRun) -> Bool {
        guard let spec = RunSummary.spec(of: run), let wanted = spec.notifications?.github, wanted != .none else {
            return false
        }
        let url = run.status.source?.url ?? run.spec.source?.url ?? spec.source?.url
        return url.flatMap { GitHubRepository($0, on: host) } != nil
    }

    package func isSettled(_ run: PipelineRun, told: NotificationRecord?) -> Bool {
        guard run.status.completionTime != nil else { return false }
        let summary = RunSummary(run)
        guard Self.commit(summary) != nil else { return true }
        if wantsChecks(summary) {
            return summary.stages.isEmpty || told?.event == summary.event && !hasAnnotationsToTell(run)
        }
        return told?.event == CommitStatus(summary, links: links).event(rerun: summary.rerun)
    }

    package func annotated(_ fence: Fence, of run: PipelineRun, _ annotations: [Annotation]) {
        guard client.isApp, RunSummary.spec(of: run)?.notifications?.github == .checks else { return }
        state.withLock { $0.annotations.add(annotations, to: fence) }
    }

    private func hasAnnotationsToTell(_ run: PipelineRun) -> Bool {
        state.withLock { state in
            guard !state.annotations.isEmpty else { return false }
            return run.status.stages.contains { !state.annotations[$0.fence(in: run.uid)].isEmpty }
        }
    }

    package func forget(_ uid: String) {
        state.withLock { state in
            state.checks[uid] = nil
            state.annotations.forget(run: uid)
        }
    }

    package func tell(_ run: PipelineRun, told: NotificationRecord?) async -> TellingOutcome {
        let summary = RunSummary(run)
        guard let repository = GitHubRepository(summary.url, on: host), let commit = Self.commit(summary) else {
            return .nothing
        }
        do throws(GitHubError) {
            if wantsChecks(summary) {
                return try await tellChecks(summary, told: told, of: commit, in: repository)
            }
            return try await tellStatus(summary, told: told, of: commit, in: repository)
        } catch {
            return outcome(error, repository, wantsChecks: wantsChecks(summary))
        }
    }

    private func wantsChecks(_ run: RunSummary) -> Bool { run.notifications.github == .checks && client.isApp }

    /// The commit that the run goes by, once it is known: a full SHA-1.
    private static func commit(_ run: RunSummary) -> String? {
        guard let revision = run.revision, revision.utf8.count == 40,
            revision.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) || (65...70).contains($0) })
        else { return nil }
        return revision
    }

    private func outcome(
        _ error: GitHubError, _ repository: GitHubRepository, wantsChecks: Bool
    ) -> TellingOutcome {
        switch error {
        case .retry(let problem, _): return .retry(problem)
        case .limited(let seconds, _):
            return .pause(.seconds(seconds), "GitHub takes no more requests for now (rate limit)")
        case .misconfigured(let problem): return .refused(problem)
        case .unauthorised: return .refused("GitHub refuses the token; give a valid one")
        case .refused(let status, let words):
            let right = wantsChecks ? "the App's permission Checks: write" : "write access to commit statuses"
            let advice =
                switch status {
                case 403, 404: "check that it is there, and \(right)"
                case 301, 302, 307, 308: "it has moved: write its new URL in the pipeline"
                case 422: "check that the commit has been pushed there"
                default: "check the settings for GitHub"
                }
            return .refused(
                "GitHub takes nothing for \(repository.owner)/\(repository.name) (\(status)"
                    + "\(words.isEmpty ? "" : " \(words)")); \(advice)")
        }
    }

    // MARK: Statuses

    private func tellStatus(
        _ run: RunSummary, told: NotificationRecord?, of commit: String, in repository: GitHubRepository
    ) async throws(GitHubError) -> TellingOutcome {
        let status = CommitStatus(run, links: links)
        let event = status.event(rerun: run.rerun)
        if told?.event == event { return .nothing }
        _ = try await client.send(
            "POST", "\(repository.path)/statuses/\(commit)", for: repository, as: .tokenOrApp, body: status.json)
        return .told(event: event)
    }

    // MARK: Check runs

    private func tellChecks(
        _ run: RunSummary, told: NotificationRecord?, of commit: String, in repository: GitHubRepository
    ) async throws(GitHubError) -> TellingOutcome {
        let event = run.phase.isEnd ? run.event : "Active/\(run.rerun)"
        guard !run.stages.isEmpty else { return .nothing }
        var isNews = told?.event != event
        var memory = state.withLock { $0.checks[run.uid] } ?? CheckMemory()
        do throws(GitHubError) {
            if !memory.isListed {
                try await list(&memory, run.uid, commit, repository)
                memory.isListed = true
            }
            for stage in run.stages {
                let fence = stage.status.fence(in: run.uid)
                if isKept(stage, run, memory) {
                    // Its check run is of a former rerun, which has told them.
                    state.withLock { $0.annotations.carry(fence) }
                    continue
                }
                let check = CheckRun(stage, of: run, links: links)
                let annotations = check.isCompleted ? state.withLock { $0.annotations[fence] } : []
                let isTold = run.phase.isEnd && told?.event == event
                if try await tell(check, stage.id, annotations, isTold, &memory, commit, repository) { isNews = true }
                // Those that have come meanwhile have not been carried.
                if !annotations.isEmpty { state.withLock { $0.annotations.carry(fence) } }
            }
        } catch {
            if case .retry(_, mayHaveActed: true) = error { memory.isListed = false }
            remember(memory, of: run.uid)
            throw error
        }
        remember(memory, of: run.uid)
        return isNews ? .told(event: event) : .nothing
    }

    private func remember(_ memory: CheckMemory, of uid: String) {
        state.withLock { $0.checks[uid] = memory }
    }

    /// A stage whose success a rerun has kept, and that has a check run from before.
    private func isKept(_ stage: RunSummary.Stage, _ run: RunSummary, _ memory: CheckMemory) -> Bool {
        guard run.rerun > 0, stage.status.state == .succeeded, let end = stage.status.completionTime,
            let start = run.start
        else { return false }
        return end <= start && memory.hasSuccess(of: stage.id)
    }

    /// Makes a check run, or brings it up to date.
    ///
    /// - Parameter isTold: GitHub has been told of the run as it stands; a check run that is there may lack annotations.
    /// - Returns: False where GitHub knows it all.
    private func tell(
        _ check: CheckRun, _ stage: String, _ annotations: [Annotation], _ isTold: Bool, _ memory: inout CheckMemory,
        _ commit: String, _ repository: GitHubRepository
    ) async throws(GitHubError) -> Bool {
        let known = memory[check.externalID]
        let isCurrent = known.map { isTold || $0.sent == check } ?? false
        var count = known?.annotations ?? 0
        if isCurrent, count >= annotations.count { return false }
        let id: Int64
        if let known {
            id = known.id
        } else {
            let part = annotations.prefix(CheckRun.annotationsPerRequest)
            let answer = try await client.send(
                "POST", "\(repository.path)/check-runs", for: repository, as: .app,
                body: check.json(revision: commit, annotations: part))
            guard let made = answer.body["id"]?.int else {
                throw .retry("GitHub's answer isn't what its API gives", mayHaveActed: true)
            }
            id = made
            count = part.count
            memory.told(check, stage: stage, id: id, annotations: count)
        }
        let path = "\(repository.path)/check-runs/\(id)"
        if known != nil, !isCurrent {
            let part = annotations.dropFirst(count).prefix(CheckRun.annotationsPerRequest)
            _ = try await client.send(
                "PATCH", path, for: repository, as: .app, body: check.json(revision: nil, annotations: part))
            count += part.count
            memory.told(check, stage: stage, id: id, annotations: count)
        }
        while count < annotations.count {
            let part = annotations.dropFirst(count).prefix(CheckRun.annotationsPerRequest)
            _ = try await client.send(
                "PATCH", path, for: repository, as: .app, body: check.json(further: part))
            count += part.count
            memory.told(check, stage: stage, id: id, annotations: count)
        }
        return true
    }

    /// Finds the run's check runs that are there already: of a former process, or of a request without an answer.
    private func list(
        _ memory: inout CheckMemory, _ uid: String, _ commit: String, _ repository: GitHubRepository
    ) async throws(GitHubError) {
        for page in 1...Self.pageLimit {
            // `all`, since by default only the latest of each name is listed, and another run's may be later.
            let answer = try await client.send(
                "GET",
                "\(repository.path)/commits/\(commit)/check-runs?filter=all&per_page=\(Self.pageSize)&page=\(page)",
                for: repository, as: .app)
            guard let found = answer.body["check_runs"]?.array else {
                throw .retry("GitHub's answer isn't what its API gives", mayHaveActed: false)
            }
            for check in found {
                if let listed = ListedCheck(check) { memory.found(listed, run: uid) }
            }
            if found.count < Self.pageSize { return }
        }
    }
}
