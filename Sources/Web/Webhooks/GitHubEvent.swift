internal import Planning

/// What a delivery of GitHub's says, as far as anything here acts upon it.
enum GitHubEvent: Equatable, Sendable {
    case ping
    /// Branches, tags and pull requests, which may make runs.
    case source(SourceEvent)
    /// Somebody asks for a check to be run again; the check's `external_id`.
    case rerun(externalID: String)
    /// Somebody asks for all checks of a commit to be run again.
    case rerunAll(head: String)
    case comment(Comment)
    /// Nothing acts upon it; why.
    case ignored(String)

    struct Comment: Equatable, Sendable {
        /// Of the pull request.
        var number: Int
        var author: String
        /// Whether the author owns the repository, which the payload itself says.
        var isOwner: Bool
        var commands: [CommentCommand]
    }
}

/// The repository that a delivery is about.
struct GitHubRepository: Equatable, Sendable {
    var owner: String
    var name: String
    /// In all forms that the payload gives.
    var urls: [String]

    var fullName: String { "\(owner)/\(name)" }
}
