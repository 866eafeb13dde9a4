internal import Synchronization

/// Pull requests whose events are being dealt with, which may have to wait for an answer of GitHub: one that is closed
/// meanwhile leaves no run behind.
final class PullRequestsUnderWay: Sendable {
    private struct Key: Hashable {
        var repository: String
        var number: Int
    }

    private struct Entry {
        var events = 0
        var isClosed = false
    }

    private let entries = Mutex<[Key: Entry]>([:])

    func began(_ number: Int, in repository: GitHubRepository) {
        entries.withLock { $0[key(number, repository), default: Entry()].events += 1 }
    }

    func closed(_ number: Int, in repository: GitHubRepository) {
        entries.withLock { $0[key(number, repository)]?.isClosed = true }
    }

    /// Whether it was closed since one of the events that are under way began.
    func ended(_ number: Int, in repository: GitHubRepository) -> Bool {
        let key = key(number, repository)
        return entries.withLock { entries in
            guard var entry = entries[key] else { return false }
            entry.events -= 1
            entries[key] = entry.events > 0 ? entry : nil
            return entry.isClosed
        }
    }

    private func key(_ number: Int, _ repository: GitHubRepository) -> Key {
        Key(repository: "\(repository.owner)/\(repository.name)".lowercased(), number: number)
    }
}
