internal import Document
internal import Model

/// What webhooks ask GitHub before they make runs.
///
/// Nil means that it can't be known: no answer in time, no right to ask, too much of it. Nothing may be concluded then.
package struct GitHubQueries: Sendable {
    /// For a whole question, however many requests it takes.
    private static let timeLimit = Duration.seconds(8)
    private static let pageSize = 100
    /// GitHub lists no more files than this.
    private static let fileLimit = 3000

    private let client: GitHubClient
    private let clock: ReportingClock

    package init(client: GitHubClient, clock: ReportingClock = .system) {
        self.client = client
        self.clock = clock
    }

    /// The paths that a pull request changes; of files that were renamed both.
    package func changedFiles(owner: String, repo: String, pullRequest: Int) async -> [String]? {
        guard let repository = GitHubRepository(owner: owner, name: repo), pullRequest > 0 else { return nil }
        let deadline = clock.now() + Self.timeLimit
        var paths: [String] = []
        for page in 1...(Self.fileLimit / Self.pageSize) {
            let path = "\(repository.path)/pulls/\(pullRequest)/files?per_page=\(Self.pageSize)&page=\(page)"
            guard let files = await answer(path, repository, until: deadline)?.array else { return nil }
            for file in files {
                guard let name = file["filename"]?.string else { return nil }
                paths.append(name)
                if let former = file["previous_filename"]?.string { paths.append(former) }
            }
            if files.count < Self.pageSize { return paths }
        }
        return nil
    }

    /// Whether somebody may write to a repository.
    ///
    /// - Throws: where GitHub gives no answer, and may give one later.
    package func mayWrite(owner: String, repo: String, user: String) async throws -> Bool? {
        guard let repository = GitHubRepository(owner: owner, name: repo), !user.isEmpty, user.utf8.count <= 100 else {
            return nil
        }
        let path = "\(repository.path)/collaborators/\(Self.encoded(user))/permission"
        do throws(GitHubError) {
            let answer = try await ask(path, repository, until: clock.now() + Self.timeLimit)
            return answer["permission"]?.string.map { ["admin", "write", "maintain"].contains($0) }
        } catch {
            // A token that has expired may be replaced; what is asked here isn't everybody's to know.
            if case .refused = error { return nil }
            throw error
        }
    }

    private func answer(_ path: String, _ repository: GitHubRepository, until deadline: Duration) async -> Node? {
        try? await ask(path, repository, until: deadline)
    }

    private func ask(
        _ path: String, _ repository: GitHubRepository, until deadline: Duration
    ) async throws(GitHubError) -> Node {
        let left = deadline - clock.now()
        guard left > .zero else { throw .retry("GitHub gives no answer in time", mayHaveActed: false) }
        let seconds = Double(left.components.seconds) + Double(left.components.attoseconds) / 1e18
        return try await client.send(
            "GET", path, for: repository, as: .tokenOrApp, within: min(5, max(0.01, seconds))
        ).body
    }

    /// Percent-encoded but for letters, digits and `-_.~` (RFC 3986).
    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80,
                scalar.properties.isAlphabetic || (48...57).contains(byte) || "-_.~".unicodeScalars.contains(scalar)
            {
                encoded.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }
}
