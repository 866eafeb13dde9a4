internal import Synchronization

/// Pull requests whose events are being dealt with, which may have to wait for an answer of GitHub: one that is closed
/// meanwhile leaves no run behind. Of this process alone.
final class PullRequestsUnderWay: Sendable {
    private struct Key: Hashable {
        var repository: String
        var number: Int
    }

    private struct Entry {
        /// How many events have begun, and how many of them are under way.
        var begun = 0
        var underWay = 0
        /// How many had begun when it was closed last.
        var closedAfter = 0
    }

    private let entries = Mutex<[Key: Entry]>([:])

    /// Returns the event's number.
    func began(_ number: Int, in repository: GitHubRepository) -> Int {
        entries.withLock { entries in
            var entry = entries[key(number, repository)] ?? Entry()
            entry.begun += 1
            entry.underWay += 1
            entries[key(number, repository)] = entry
            return entry.begun
        }
    }

    func closed(_ number: Int, in repository: GitHubRepository) {
        entries.withLock { entries in
            guard let begun = entries[key(number, repository)]?.begun else { return }
            entries[key(number, repository)]?.closedAfter = begun
        }
    }

    /// Whether the pull request was closed since that event began.
    func ended(_ event: Int, of number: Int, in repository: GitHubRepository) -> Bool {
        let key = key(number, repository)
        return entries.withLock { entries in
            guard var entry = entries[key] else { return false }
            entry.underWay -= 1
            entries[key] = entry.underWay > 0 ? entry : nil
            return entry.closedAfter >= event
        }
    }

    private func key(_ number: Int, _ repository: GitHubRepository) -> Key {
        Key(repository: "\(repository.owner)/\(repository.name)".lowercased(), number: number)
    }
}
