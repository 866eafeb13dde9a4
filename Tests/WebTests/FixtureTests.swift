import Document
import Model
import Planning
import Testing

@testable import Web

#if canImport(Glibc)
    import Glibc
#endif

/// Payloads as GitHub sent them, where a folder of them is at hand: `MARTLET_GITHUB_PAYLOADS`.
@Suite("Real payloads")
struct FixtureTests {
    static let folder = getenv("MARTLET_GITHUB_PAYLOADS").map { String(cString: $0) }

    private static func bytes(_ name: String) -> [UInt8]? {
        guard let folder, let file = fopen("\(folder)/\(name).json", "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }

    @Test(
        .enabled(if: folder != nil),
        arguments: [
            ("check_run-rerequested", "check_run", "rerun"), ("issue_comment-created", "issue_comment", "ignored"),
            ("ping", "ping", "ping"), ("pull_request-closed", "pull_request", "pull 2 closed"),
            ("pull_request-opened", "pull_request", "pull 2 of master"),
            ("pull_request-synchronize", "pull_request", "pull 2 of master"),
            ("push-1", "push", "deleted refs/tags/simple-tag"),
            ("push-with-new-branch", "push", "refs/heads/master unknown"),
            ("push", "push", "deleted refs/tags/simple-tag"),
        ])
    func `what GitHub has sent is read`(_ file: String, _ event: String, _ expect: String) throws {
        let bytes = try #require(Self.bytes(file))
        let payload = GitHubPayload(root: try parseJSON(bytes), delivery: "d-1", received: TestServer.now)
        #expect(Self.words(try payload.event(event)) == expect)
        #expect(try payload.repository().name.lowercased() == "hello-world")
    }

    private static func words(_ event: GitHubEvent) -> String {
        switch event {
        case .ping: return "ping"
        case .rerun: return "rerun"
        case .rerunAll: return "rerun all"
        case .comment: return "comment"
        case .ignored: return "ignored"
        case .source(let source):
            switch source.kind {
            case .push(let push):
                return push.isDeleted ? "deleted \(push.ref)" : "\(push.ref) \(push.changed)"
            case .pullRequest(let change):
                let fork = change.isFork ? " fork" : ""
                return "pull \(change.number)" + (change.isClosed ? " closed" : " of \(change.base)") + fork
            }
        }
    }
}
