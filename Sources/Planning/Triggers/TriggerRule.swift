import Model

/// One of a pipeline's triggers, its globs read.
struct TriggerRule: Sendable {
    enum Event: Equatable, Sendable {
        case push
        case pullRequest
        case tag
    }

    let event: Event
    let names: Filter
    let paths: Filter
    let pathsIgnore: Filter

    /// Nil for what no event of a repository starts.
    init?(_ trigger: Trigger) {
        if let filter = trigger.push {
            self.init(.push, filter)
        } else if let filter = trigger.pullRequest {
            self.init(.pullRequest, filter)
        } else if let filter = trigger.tag {
            var names = RefFilter()
            names.branches = filter.tags
            self.init(.tag, names)
        } else {
            return nil
        }
    }

    private init(_ event: Event, _ filter: RefFilter) {
        self.event = event
        names = Filter(filter.branches)
        paths = Filter(filter.paths)
        pathsIgnore = Filter(filter.pathsIgnore)
    }

    var looksAtPaths: Bool { !paths.isEmpty || !pathsIgnore.isEmpty }

    /// Why the paths that changed don't pull the trigger; nil where they do.
    func complaint(about changed: ChangedPaths) -> String? {
        guard looksAtPaths, case .known(let changed) = changed else { return nil }
        if !paths.isEmpty, !changed.contains(where: paths.passes) { return "no changed path matches its `paths`" }
        if !pathsIgnore.isEmpty, !changed.isEmpty, changed.allSatisfy(pathsIgnore.passes) {
            return "all changed paths match its `pathsIgnore`"
        }
        // A path counts by both: one that is wanted and to be ignored is no better for another that is neither.
        if !changed.isEmpty,
            !changed.contains(where: { paths.passes($0) && (pathsIgnore.isEmpty || !pathsIgnore.passes($0)) })
        {
            return "all changed paths that match its `paths` match its `pathsIgnore`, too"
        }
        return nil
    }

    /// Globs of which one has to match; an empty list lets everything pass.
    struct Filter: Sendable {
        private let globs: [Glob]
        let isEmpty: Bool

        init(_ texts: [String]) {
            isEmpty = texts.isEmpty
            // What can't be read matches nothing; that it can't is said where the pipeline is checked.
            globs = texts.compactMap { try? Glob.parse($0).get() }
        }

        @Sendable func passes(_ text: String) -> Bool { isEmpty || globs.contains { $0.matches(text) } }
    }
}
