/// How far the watch has come with one run, and what answers to requests have said beyond that.
///
/// Versions are opaque, so that only their order in the watch tells which is the newer. Whatever the watch shows
/// before it shows what an answer has said is older than that answer, and is held back; what it showed while the
/// request was under way may be that very version, and then nothing is. So that this holds, at most one request about a
/// run is under way at a time, and none while a list is being made, which leaves versions out.
struct RunProgress: Equatable, Sendable {
    /// What an answer said of the run.
    enum Answer: Equatable, Sendable {
        case version(String)
        case gone
        /// No answer, or one that says nothing.
        case nothing
    }

    private enum Awaited: Equatable, Sendable {
        case version(String)
        case deletion
    }

    /// The version that the list or the watch showed last; nil before it has shown any.
    private var shown: String?
    /// The versions that the watch has shown since the request under way began, and the last before.
    private var shownSince: [String] = []
    private(set) var hasRequest = false
    /// What the watch has to show before anything is reported again.
    private var awaited: Awaited?
    private(set) var isDeleted = false

    init(shown: String? = nil) {
        self.shown = shown
    }

    /// Whether nothing is known of the run but that somebody wrote to it.
    var isUnknown: Bool { shown == nil && awaited == nil && !hasRequest }

    mutating func requested() {
        hasRequest = true
        // The answer may be what was shown last before it was asked for.
        shownSince = shown.map { [$0] } ?? []
    }

    mutating func answered(_ answer: Answer) {
        hasRequest = false
        defer { shownSince = [] }
        guard !isDeleted else { return }
        switch answer {
        case .version(let version):
            if !shownSince.contains(version) { awaited = .version(version) }
        case .gone: awaited = .deletion
        case .nothing: break
        }
    }

    /// The watch shows a version: whether it is to be reported.
    mutating func shows(_ version: String) -> Bool {
        shown = version
        if hasRequest { shownSince.append(version) }
        switch awaited {
        case nil: return true
        case .version(version):
            awaited = nil
            return true
        case .version, .deletion: return false
        }
    }

    /// The watch shows that the run was deleted.
    mutating func wasDeleted() {
        isDeleted = true
        awaited = nil
    }
}
