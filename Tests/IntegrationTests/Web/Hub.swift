import Crypto
import Execution
import HTTPClient
import Testing

/// What a team's host of repositories does, as far as Martlet meets it: git over HTTP, and signed webhooks.
final class Hub: Sendable {
    static let secret = "an old secret that nobody can guess"
    let url: String
    let home: Home
    private let http: HTTPClient

    /// Serves `acme/app`, made of a folder of samples.
    init(in home: Home, sample: String, files: [String: String] = [:]) async throws {
        self.home = home
        http = try HTTPClient(HTTPClientSettings(proxy: .none))
        try FileSystem.makeFolder("\(home.path)/hub/acme", mode: 0o755)
        try await home.tool("cp", "-r", "\(Programs.project)/\(sample)", "work")
        for (name, text) in files { try home.write(text, to: "work/\(name)") }
        try await home.tool("git", "-C", "work", "init", "-q", "-b", "main")
        try await home.tool("git", "-C", "work", "add", ".")
        try await home.tool(
            "git", "-C", "work", "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "-m", "Begin")
        try await home.tool("git", "clone", "-q", "--bare", "work", "hub/acme/app.git")
        let server = try home.start(
            "python3", ["\(Programs.project)/Tests/IntegrationTests/Web/git-server.py", "\(home.path)/hub"])
        url = try await server.output.line { $0.hasPrefix("http://") }
    }

    func close() async { await http.close() }

    var repository: String { "\(url)/acme/app.git" }

    /// Commits files and has the host know them; returns the commit.
    func push(_ message: String, _ files: [String: String] = [:], branch: String = "main") async throws -> String {
        for (name, text) in files { try home.write(text, to: "work/\(name)") }
        try await home.tool("git", "-C", "work", "checkout", "-q", "-B", branch)
        try await home.tool("git", "-C", "work", "add", ".")
        try await home.tool(
            "git", "-C", "work", "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q",
            "--allow-empty", "-m", message)
        try await home.tool("git", "-C", "work", "push", "-q", "--force", "\(home.path)/hub/acme/app.git", branch)
        return try await home.tool("git", "-C", "work", "rev-parse", "HEAD").trimmed
    }

    /// The body of a push's webhook, with what GitHub's documentation says of it.
    func payload(of commit: String, message: String, branch: String = "main") -> String {
        """
        {"ref": "refs/heads/\(branch)", "before": "\(String(repeating: "1", count: 40))", "after": "\(commit)",
         "created": false, "deleted": false, "forced": false, "base_ref": null,
         "repository": {"id": 1, "name": "app", "full_name": "acme/app", "private": false,
           "owner": {"login": "acme", "id": 2}, "html_url": "\(url)/acme/app", "clone_url": "\(repository)",
           "default_branch": "main"},
         "pusher": {"name": "ada", "email": "ada@example.com"}, "sender": {"login": "ada", "id": 3},
         "head_commit": {"id": "\(commit)", "message": "\(message)", "added": [], "removed": [],
           "modified": ["README.md"], "author": {"name": "ada"}},
         "commits": [{"id": "\(commit)", "message": "\(message)", "distinct": true, "added": [], "removed": [],
           "modified": ["README.md"]}]}
        """
    }

    /// Delivers a webhook, signed.
    func deliver(
        _ body: String, event: String = "push", delivery: String, to server: String, secret: String = Hub.secret
    ) async throws -> HTTPResponse {
        let bytes = Array(body.utf8)
        let code = HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: Array(secret.utf8)))
        let digits = code.map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0\(text)" : text
        }
        var headers: HTTPHeaders = ["Content-Type": "application/json"]
        headers.append("X-GitHub-Event", event)
        headers.append("X-GitHub-Delivery", delivery)
        headers.append("X-Hub-Signature-256", "sha256=\(digits.joined())")
        return try await http.send(HTTPRequest("POST", "\(server)/webhooks/github", headers: headers, body: bytes))
    }

    func get(_ url: String) async throws -> String {
        let answer = try await http.send(HTTPRequest("GET", url))
        #expect(answer.status == 200, "\(url)")
        return String(decoding: answer.body, as: UTF8.self)
    }
}
