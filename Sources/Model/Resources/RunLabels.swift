/// The labels and annotations by which a run says what has made it.
package enum RunLabels {
    /// `push`, `tag`, `pull-request` or `schedule`.
    package static let trigger = "martlet.dev/trigger"
    /// The pull request's number.
    package static let pullRequest = "martlet.dev/pull-request"
    /// A hash of the repository's normalised URL, since a label holds neither slashes nor so many characters.
    package static let repository = "martlet.dev/repository"

    /// Annotation: the webhook delivery's id, or the time of a schedule.
    package static let delivery = "martlet.dev/delivery"
    /// Annotation: when the event arrived, with microseconds. It orders runs that a cluster made within one second.
    package static let received = "martlet.dev/received"
    /// Annotation: who pushed, or opened the pull request, as the host calls them.
    package static let sender = "martlet.dev/sender"
    /// Annotation: the commit's or the pull request's title.
    package static let title = "martlet.dev/title"

    /// The label of an agent that takes what anybody may have written: `--label martlet.dev/forks=allowed`.
    package static let forks = "martlet.dev/forks"
    package static let forksAllowed = "allowed"

    /// What `repository` holds for a repository's URL.
    package static func repositoryHash(_ url: String) -> String {
        NameHash.text(RepositoryURL.normalised(url), digits: 16)
    }
}
