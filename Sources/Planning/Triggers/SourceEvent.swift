package import Model

/// Something that happened in a repository, as its host tells it.
package struct SourceEvent: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case push(Push)
        case pullRequest(PullRequestChange)
    }

    /// The host's id of the event: the same when it is told again. Runs get their names from it.
    package var delivery: String
    package var received: Timestamp
    /// The repository's URLs, in any form: the one of a pipeline may be any of them.
    package var urls: [String]
    /// Who did it, as the host calls them.
    package var sender: String?
    /// The commit's or the pull request's title.
    package var title: String?
    package var kind: Kind

    package init(
        delivery: String, received: Timestamp, urls: [String], sender: String? = nil, title: String? = nil, kind: Kind
    ) {
        self.delivery = delivery
        self.received = received
        self.urls = urls
        self.sender = sender
        self.title = title
        self.kind = kind
    }
}

/// A branch or tag that was made, moved or deleted.
package struct Push: Equatable, Sendable {
    /// `refs/heads/main`, `refs/tags/v1`.
    package var ref: String
    /// The commit that it stands at now. Of a tag that is an object of its own, the commit that the tag is of.
    package var revision: String
    package var isDeleted = false
    /// Whether the commit's message asks for no runs (`[skip ci]`).
    package var isSkipped = false
    package var changed = ChangedPaths.unknown

    package init(
        ref: String, revision: String, isDeleted: Bool = false, isSkipped: Bool = false,
        changed: ChangedPaths = .unknown
    ) {
        self.ref = ref
        self.revision = revision
        self.isDeleted = isDeleted
        self.isSkipped = isSkipped
        self.changed = changed
    }

    /// The markers that GitHub and GitLab heed in the message of the newest commit pushed.
    package static func asksForNoRuns(_ message: String) -> Bool {
        let markers = ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"]
        // Most messages have none, and few have a bracket at all.
        guard message.utf8.contains(UInt8(ascii: "[")) else { return false }
        let lowered = message.lowercased()
        return markers.contains { lowered.contains($0) }
    }
}

/// A pull request that was opened, got new commits, or was closed.
package struct PullRequestChange: Equatable, Sendable {
    package var number: Int
    /// Closed or merged: nothing has to be known of it any more.
    package var isClosed = false
    /// The branch that it is to be merged into, without `refs/heads/`.
    package var base: String
    /// The newest of its commits.
    package var head: String
    /// Whether it comes from another repository, where anybody may have written it.
    package var isFork = false
    package var changed = ChangedPaths.unknown

    package init(
        number: Int, isClosed: Bool = false, base: String, head: String, isFork: Bool = false,
        changed: ChangedPaths = .unknown
    ) {
        self.number = number
        self.isClosed = isClosed
        self.base = base
        self.head = head
        self.isFork = isFork
        self.changed = changed
    }
}

/// The paths that an event changed.
package enum ChangedPaths: Equatable, Sendable {
    case known([String])
    /// A new branch, a forced push, a list that was cut: it may be any, so that filters let it pass.
    case unknown

    /// How many paths, and how many bytes of them, are looked through; beyond that they count as unknown.
    package static let countLimit = 3000
    package static let sizeLimit = 256 << 10

    /// Paths of which none is cut away.
    package init(_ paths: [String]) {
        var size = 0
        for path in paths { size += path.utf8.count }
        self = paths.count <= Self.countLimit && size <= Self.sizeLimit ? .known(paths) : .unknown
    }
}
