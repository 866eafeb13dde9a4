/// Decides how a collection is followed: list it, watch from there, and what to do when either breaks off.
///
/// A plain value without clock, chance or I/O: its owner tells it what happened and does the actions, of which the last
/// is the one to go on with. `Object` is what an item has been made into.
///
/// Guarantees: `listed` comes first, and again after every gap in what could be seen; between two of them every change
/// is reported, in the server's order. Lists are consistent reads (no `resourceVersion` in the request, rather than the
/// cheaper "any version", which may be older than what has been seen or written already): a new leader has to begin with
/// nothing stale. Nothing is asked for without a pause when asking brings nothing.
package struct Reflector<Object: Sendable>: Sendable {
    package enum Event: Sendable {
        case began
        /// A page of the list has come; `next` is nil with the last.
        case page([Object], version: String, next: String?)
        case listFailed(APIError)
        /// The page can't be understood: most likely, it is too large.
        case listUnreadable(String)
        /// The head of a watch has come.
        case opened
        case put(Object, version: String)
        case deleted(Object, version: String)
        /// The watch has come to a version without anything to report.
        case passed(version: String)
        /// The watch itself says what is wrong.
        case refused(APIStatus)
        case unreadable(String)
        /// The watch could not be opened, broke off, or (nil) was ended in order.
        case ended(APIError?)
        case waited
    }

    package enum Action: Sendable {
        case report(CollectionChange<Object>)
        /// Worth telling an operator; the same isn't said twice in a row.
        case warn(String)
        /// The last of the actions, each of which leads to an event:
        case list(limit: Int?, continuing: String?)
        case watch(from: String, timeoutSeconds: Int)
        /// The next of the watch.
        case read
        /// Then `waited`.
        case wait(microseconds: Int64)
    }

    static var firstWait: Int64 { 250_000 }
    static var longestWait: Int64 { 30_000_000 }
    /// A watch that lasted as long has not failed, even if nothing happened.
    static var calm: Int64 { 1_000_000 }
    static var pageSize: Int { 500 }

    private enum Next: Sendable {
        case list
        case watch
    }

    /// As messages name it: `pipelineruns.martlet.dev`.
    private let resource: String
    private var collected: [Object] = []
    private var isContinuing = false
    /// Lists in a row whose continuation was forgotten by the server.
    private var expiredLists = 0
    private var pageSize = Self.pageSize
    private var version = ""
    private var openedAt: Int64?
    private var hasProgress = false
    /// Failures since a watch last worked.
    private var failures = 0
    private var next = Next.list
    private var lastWarning: String?

    package init(of resource: String) {
        self.resource = resource
    }

    /// - Parameters:
    ///   - now: Microseconds of a clock that only goes forward.
    ///   - chance: At random, from 0 to below 1.
    package mutating func step(_ event: Event, at now: Int64, chance: Double) -> [Action] {
        switch event {
        case .began: return [list()]
        case .page(let objects, let version, let continuation):
            collected += objects
            if let continuation {
                isContinuing = true
                return [.list(limit: pageSize, continuing: continuation)]
            }
            return listed(version, chance)
        case .listFailed(let error): return listFailed(error, chance)
        case .listUnreadable(let problem):
            pageSize = max(pageSize / 4, 8)
            return pause(before: .list, "\(resource) can't be listed: \(problem)", chance)
        case .opened:
            openedAt = now
            hasProgress = false
            return [.read]
        case .put(let object, let version):
            advance(to: version)
            return [.report(.put(object)), .read]
        case .deleted(let object, let version):
            advance(to: version)
            return [.report(.deleted(object)), .read]
        case .passed(let version):
            self.version = version
            return [.read]
        case .refused(let status):
            settle(at: now)
            return watchFailed(.refused(status), chance)
        case .unreadable(let problem):
            settle(at: now)
            return pause(before: .list, "\(resource) can't be watched: \(problem)", chance)
        case .ended(let error):
            settle(at: now)
            return watchFailed(error, chance)
        case .waited: return next == .list ? [list()] : [watch(chance)]
        }
    }

    // MARK: Listing

    private mutating func list() -> Action {
        collected = []
        isContinuing = false
        // Two lists that outlived the server's memory of them: one that comes as a whole can't.
        return .list(limit: expiredLists > 1 ? nil : pageSize, continuing: nil)
    }

    private mutating func listed(_ version: String, _ chance: Double) -> [Action] {
        let objects = collected
        collected = []
        isContinuing = false
        expiredLists = 0
        self.version = version
        return [.report(.listed(objects)), watch(chance)]
    }

    private mutating func listFailed(_ error: APIError, _ chance: Double) -> [Action] {
        let hasExpired = isContinuing && error.status?.isExpired == true
        collected = []
        isContinuing = false
        if hasExpired {
            // The token holds for minutes, so another list in pages mostly gets through, at a fraction of the memory.
            expiredLists += 1
            return [list()]
        }
        return pause(before: .list, sentence(error, "listed"), chance, error)
    }

    // MARK: Watching

    private func watch(_ chance: Double) -> Action {
        // Spread over five minutes, so that watches that began together don't end together.
        .watch(from: version, timeoutSeconds: 300 + Int(chance * 300))
    }

    private mutating func advance(to version: String) {
        self.version = version
        hasProgress = true
    }

    /// A watch has ended: whether it has worked decides whether the next waits.
    private mutating func settle(at now: Int64) {
        let hasLasted = openedAt.map { now - $0 >= Self.calm } ?? false
        if openedAt != nil, hasProgress || hasLasted {
            failures = 0
            lastWarning = nil
        } else {
            failures = max(failures, 1)
        }
        openedAt = nil
    }

    private mutating func watchFailed(_ error: APIError?, _ chance: Double) -> [Action] {
        if let status = error?.status {
            if status.isExpired {
                if failures > 0 { return pause(before: .list, nil, chance) }
                failures = 1
                return [list()]
            }
            // What the server refuses again and again may be the version; without the resource there is none.
            let anew = status.code == 404 || failures >= 2
            return pause(before: anew ? .list : .watch, sentence(.refused(status), "watched"), chance, error)
        }
        if failures == 0 { return [watch(chance)] }
        return pause(before: .watch, error.map { sentence($0, "watched") }, chance)
    }

    // MARK: Trouble

    private mutating func pause(
        before next: Next, _ problem: String?, _ chance: Double, _ error: APIError? = nil
    ) -> [Action] {
        self.next = next
        let whole = min(Self.longestWait, Self.firstWait << Int64(min(failures, 16)))
        failures += 1
        var wait = whole / 2 + Int64(Double(whole / 2) * chance)
        if let seconds = error?.status?.retryAfterSeconds {
            wait = max(wait, Int64(min(max(0, seconds), 300)) * 1_000_000)
        }
        var actions: [Action] = []
        if let problem, problem != lastWarning {
            lastWarning = problem
            actions.append(.warn(problem))
        }
        return actions + [.wait(microseconds: wait)]
    }

    private func sentence(_ error: APIError, _ verb: String) -> String {
        if error.status?.code == 404 {
            return "the API server has no \(resource): install the CustomResourceDefinitions "
                + "(kubectl apply -f crds); looking again"
        }
        return "\(resource) can't be \(verb): \(error)"
    }
}

/// What has become of a collection.
package enum CollectionChange<Object: Sendable>: Sendable {
    /// All there is; what was known and isn't here is gone.
    case listed([Object])
    case put(Object)
    case deleted(Object)
}

extension CollectionChange: Equatable where Object: Equatable {}
extension Reflector.Action: Equatable where Object: Equatable {}
