/// What is known of the watched files between an event and the moment to act on it.
///
/// A file that somebody has begun to write is left alone until it is closed, so that no half of a manifest is ever
/// read. A file that has gone is given a while to come back, since many editors save by moving the old file away and
/// writing a new one, and a deleted run can't be brought back.
struct WatchedFiles: Equatable {
    /// What to do now.
    struct Due: Equatable, Sendable {
        /// Files to be read: new, changed, or to be looked at again.
        var changed: [String] = []
        /// Those of `changed` whose second look this is: what is missing in them now has been missing for a while.
        var confirmed: Set<String> = []
        /// Files that have been gone for a while.
        var gone: [String] = []

        var isEmpty: Bool { changed.isEmpty && gone.isEmpty }
    }

    /// How long a file may be gone before that counts, in milliseconds.
    let grace: Int64
    /// After so long without an event, a file that was never closed counts as written all the same.
    static let abandoned: Int64 = 2000

    private(set) var known: Set<String> = []
    private var ready: Set<String> = []
    private var writing: [String: Int64] = [:]
    private var vanishing: [String: Int64] = [:]
    private var again: [String: Int64] = [:]

    init(grace: Int64) {
        self.grace = grace
    }

    /// All files there are. Those not seen before, or all of them if `afresh`, are to be read.
    mutating func scanned(_ files: [String], afresh: Bool, at now: Int64) {
        for file in known.subtracting(files) { vanished(file, at: now) }
        for file in files where afresh || !known.contains(file) { settled(file) }
        known.formUnion(files)
    }

    /// Files that somebody else has read already.
    mutating func taken(_ files: some Sequence<String>) {
        for file in files { ready.remove(file) }
    }

    /// A file is complete: closed after writing, or moved here.
    mutating func settled(_ file: String) {
        known.insert(file)
        writing[file] = nil
        vanishing[file] = nil
        ready.insert(file)
    }

    /// Somebody writes a file, and will close it.
    mutating func written(_ file: String, at now: Int64) {
        known.insert(file)
        vanishing[file] = nil
        ready.remove(file)
        writing[file] = now + Self.abandoned
    }

    mutating func vanished(_ file: String, at now: Int64) {
        guard known.contains(file) else { return }
        ready.remove(file)
        writing[file] = nil
        again[file] = nil
        vanishing[file] = now + grace
    }

    /// Something was missing in a file: it is to be read once more after the grace.
    mutating func lookAgain(_ file: String, at now: Int64) {
        again[file] = now + grace
    }

    /// Takes what there is to do.
    mutating func due(at now: Int64) -> Due {
        var due = Due()
        func passed(_ times: [String: Int64]) -> [String] { times.filter { $0.value <= now }.keys.sorted() }
        for file in passed(writing) {
            writing[file] = nil
            ready.insert(file)
        }
        for file in passed(again) {
            again[file] = nil
            // A file that is being written again tells more when it is closed.
            guard writing[file] == nil, vanishing[file] == nil else { continue }
            ready.insert(file)
            due.confirmed.insert(file)
        }
        for file in passed(vanishing) {
            vanishing[file] = nil
            known.remove(file)
            due.gone.append(file)
        }
        due.changed = ready.sorted()
        ready = []
        return due
    }

    /// When there will be something to do without any further event.
    var nextDue: Int64? {
        [writing, vanishing, again].compactMap { $0.values.min() }.min()
    }
}
