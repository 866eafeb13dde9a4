package import Model

/// Pipelines by their repository, with their triggers read, so that an event is matched in little time.
package struct TriggerIndex: Sendable {
    private struct Entry: Sendable {
        var pipeline: Pipeline
        var rules: [TriggerRule]
    }

    /// Those that the index is of. Comparing them with the present ones costs next to nothing where both are one list.
    package let pipelines: [Pipeline]
    private var entries: [Entry] = []
    /// By the repository's normalised URL; looked up only.
    private var places: [String: [Int]] = [:]

    package init(_ pipelines: [Pipeline]) {
        self.pipelines = pipelines
        for pipeline in pipelines where pipeline.metadata.deletionTimestamp == nil {
            guard let url = pipeline.spec.source?.url, !RepositoryURL.isFile(url) else { continue }
            places[RepositoryURL.normalised(url), default: []].append(entries.count)
            entries.append(Entry(pipeline: pipeline, rules: pipeline.spec.triggers.compactMap { TriggerRule($0) }))
        }
    }

    /// Whether what an event leads to depends on the paths that changed.
    package func dependsOnPaths(_ event: SourceEvent) -> Bool {
        guard case .subject(let subject) = Subject.of(event) else { return false }
        return found(event).contains { entry in
            let rules = entry.rules.filter { $0.event == subject.event && $0.names.passes(subject.name) }
            return !rules.isEmpty && rules.allSatisfy(\.looksAtPaths)
                && entry.pipeline.spec.desiredState == .active
        }
    }

    package func decision(for event: SourceEvent) -> TriggerDecision {
        var decision = TriggerDecision()
        let subject: Subject
        switch Subject.of(event) {
        case .closed:
            decision.cancelsRuns = true
            return decision
        case .nothing(let reason):
            decision.reason = reason
            return decision
        case .subject(let found): subject = found
        }
        let entries = found(event)
        if entries.isEmpty { decision.reason = "no pipeline has this repository as its source" }
        for entry in entries {
            if let reason = complaint(of: entry, about: subject) {
                let metadata = entry.pipeline.metadata
                decision.passedOver.append(
                    PassedPipeline(name: metadata.name, namespace: metadata.namespace, reason: reason))
            } else {
                decision.runs.append(PipelineRun(of: entry.pipeline, for: event, subject))
            }
        }
        return decision
    }

    /// In the pipelines' order, each once.
    private func found(_ event: SourceEvent) -> [Entry] {
        var found: [Int] = []
        for url in event.urls {
            for place in places[RepositoryURL.normalised(url)] ?? [] where !found.contains(place) {
                found.append(place)
            }
        }
        return found.sorted().map { entries[$0] }
    }

    /// Why none of the pipeline's triggers is pulled: of several the last one's reason.
    private func complaint(of entry: Entry, about subject: Subject) -> String? {
        guard entry.pipeline.spec.desiredState == .active else { return "is suspended" }
        var reason = "has no trigger for \(subject.event.words)"
        for rule in entry.rules where rule.event == subject.event {
            guard rule.names.passes(subject.name) else {
                reason = "has no trigger whose globs match \(subject.event.nameWords) `\(subject.name.shown())`"
                continue
            }
            guard let complaint = rule.complaint(about: subject.changed) else { return nil }
            reason = "has a trigger, but \(complaint)"
        }
        return reason
    }
}

/// What of an event triggers look at.
struct Subject {
    var event: TriggerRule.Event
    /// Of the branch or tag, without `refs/…/`.
    var name: String
    var changed: ChangedPaths
    var source: RunSource

    enum Outcome {
        case subject(Subject)
        case closed
        case nothing(String)
    }

    static func of(_ event: SourceEvent) -> Outcome {
        var source = RunSource()
        switch event.kind {
        case .pullRequest(let change):
            guard !change.isClosed else { return .closed }
            source.ref = "refs/pull/\(change.number)/head"
            source.revision = change.head
            source.pullRequest = change.number
            source.trust = change.isFork ? .fork : .trusted
            return .subject(
                Subject(event: .pullRequest, name: change.base, changed: change.changed, source: source))
        case .push(let push):
            if push.isDeleted { return .nothing("the ref was deleted") }
            if push.isSkipped { return .nothing("the commit's message asks for no runs") }
            // A run's spec holds no more.
            if push.ref.utf8.count > 255 { return .nothing("the ref's name is longer than 255 bytes") }
            source.ref = push.ref
            source.revision = push.revision
            if push.ref.hasPrefix("refs/heads/") {
                let name = String(push.ref.dropFirst("refs/heads/".count))
                return .subject(Subject(event: .push, name: name, changed: push.changed, source: source))
            }
            if push.ref.hasPrefix("refs/tags/") {
                let name = String(push.ref.dropFirst("refs/tags/".count))
                return .subject(Subject(event: .tag, name: name, changed: .unknown, source: source))
            }
            return .nothing("the ref is neither a branch nor a tag")
        }
    }
}

extension TriggerRule.Event {
    var words: String {
        switch self {
        case .push: "pushes to branches"
        case .pullRequest: "pull requests"
        case .tag: "tags"
        }
    }

    var nameWords: String {
        switch self {
        case .push: "branch"
        case .pullRequest: "the base branch"
        case .tag: "tag"
        }
    }

    /// What `RunLabels.trigger` holds.
    var label: String {
        switch self {
        case .push: "push"
        case .pullRequest: "pull-request"
        case .tag: "tag"
        }
    }
}

extension PipelineRun {
    /// The run that an event makes of a pipeline. A fork's waits until somebody who may write lets it go.
    fileprivate init(of pipeline: Pipeline, for event: SourceEvent, _ subject: Subject) {
        var metadata = Metadata(name: NameHash.run(of: pipeline.metadata.name, for: event.delivery))
        metadata.namespace = pipeline.metadata.namespace
        metadata.labels[RunLabels.trigger] = subject.event.label
        if let url = pipeline.spec.source?.url {
            metadata.labels[RunLabels.repository] = RunLabels.repositoryHash(url)
        }
        if let number = subject.source.pullRequest { metadata.labels[RunLabels.pullRequest] = String(number) }
        metadata.annotations[RunLabels.delivery] = event.delivery
        metadata.annotations[RunLabels.received] = event.received.description
        if let sender = event.sender { metadata.annotations[RunLabels.sender] = bounded(sender, to: 128) }
        if let title = event.title { metadata.annotations[RunLabels.title] = bounded(title, to: 256) }
        var spec = PipelineRunSpec()
        spec.pipelineRef = PipelineReference(name: pipeline.metadata.name)
        spec.source = subject.source
        if subject.source.trust == .fork { spec.desiredState = .paused }
        self.init(metadata: metadata, spec: spec)
    }
}
