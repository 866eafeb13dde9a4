internal import Document
internal import Model
internal import Planning

/// Something that a payload should have and hasn't: whoever sent it doesn't speak as GitHub does.
struct PayloadError: Error, Equatable {
    var problem: String
}

/// Reads GitHub's payloads.
struct GitHubPayload {
    let root: Node
    let delivery: String
    let received: Timestamp

    /// - Parameter name: What `X-GitHub-Event` says.
    func event(_ name: String) throws(PayloadError) -> GitHubEvent {
        switch name {
        case "ping": .ping
        case "push": try push()
        case "pull_request": try pullRequest()
        case "check_run": try checkRun()
        case "check_suite": try checkSuite()
        case "issue_comment": try comment()
        default: .ignored("nothing acts upon this event")
        }
    }

    func repository() throws(PayloadError) -> GitHubRepository {
        let node = try object("repository")
        let fullName = try text("full_name", of: node, in: "repository")
        let parts = fullName.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw PayloadError(problem: "`repository.full_name` isn't OWNER/NAME")
        }
        let urls = [node["clone_url"], node["ssh_url"], node["html_url"]].compactMap { $0?.string }
        guard !urls.isEmpty else { throw PayloadError(problem: "`repository` has no `clone_url`") }
        return GitHubRepository(owner: String(parts[0]), name: String(parts[1]), urls: urls)
    }

    // MARK: Events

    private func push() throws(PayloadError) -> GitHubEvent {
        let ref = try text("ref", of: root, in: "")
        let after = try text("after", of: root, in: "")
        guard CommitID.isFull(after) else { throw PayloadError(problem: "`after` is no commit's full id") }
        var push = Push(ref: ref, revision: after)
        push.isDeleted = root["deleted"]?.value == .bool(true) || CommitID.isNone(after)
        let head = root["head_commit"]
        let message = head?["message"]?.string ?? ""
        if !push.isDeleted {
            push.isSkipped = Push.asksForNoRuns(message)
            // An annotated tag is an object of its own, which `after` names.
            if ref.hasPrefix("refs/tags/"), let commit = head?["id"]?.string, CommitID.isFull(commit) {
                push.revision = commit
            }
            push.changed = changedPaths(after: after)
        }
        return .source(try event(of: .push(push), title: message))
    }

    /// What the payload says of changed paths, where it says all.
    private func changedPaths(after: String) -> ChangedPaths {
        let before = root["before"]?.string ?? ""
        guard root["created"]?.value != .bool(true), root["forced"]?.value != .bool(true), !CommitID.isNone(before),
            let commits = root["commits"]?.array, commits.count < Self.commitsLimit,
            commits.contains(where: { $0["id"]?.string == after })
        else { return .unknown }
        var seen: Set<String> = []
        var paths: [String] = []
        for commit in commits {
            var listedPaths = 0
            for key in ["added", "modified", "removed"] {
                guard let listed = commit[key]?.array else { return .unknown }
                listedPaths += listed.count
                for path in listed {
                    guard let path = path.string else { return .unknown }
                    if seen.insert(path).inserted { paths.append(path) }
                }
                if paths.count > ChangedPaths.countLimit { return .unknown }
            }
            if listedPaths >= Self.pathsLimit { return .unknown }
        }
        return ChangedPaths(paths)
    }

    /// GitHub lists no more commits of a push.
    private static let commitsLimit = 2048
    /// GitHub lists no more paths of a commit; one that has so many may have more.
    private static let pathsLimit = 3000

    private func pullRequest() throws(PayloadError) -> GitHubEvent {
        let action = try text("action", of: root, in: "")
        // A draft has its runs as any other, so that nothing is left to do when it is ready for review.
        guard ["opened", "synchronize", "reopened", "closed"].contains(action) else {
            return .ignored("nothing acts upon `\(action.shown(40))` of a pull request")
        }
        let node = try object("pull_request")
        let number = try number("number", of: node, in: "pull_request")
        guard let head = node["head"], let base = node["base"] else {
            throw PayloadError(problem: "`pull_request` has no `head` or no `base`")
        }
        let commit = try text("sha", of: head, in: "pull_request.head")
        guard CommitID.isFull(commit) else {
            throw PayloadError(problem: "`pull_request.head.sha` is no commit's full id")
        }
        let change = PullRequestChange(
            number: number, isClosed: action == "closed", base: try text("ref", of: base, in: "pull_request.base"),
            head: commit, isFork: Self.isFork(head: head["repo"], base: base["repo"]))
        return .source(try event(of: .pullRequest(change), title: node["title"]?.string))
    }

    /// Whether anybody may have written it: so too where the repository that it came from is gone, or isn't told.
    private static func isFork(head: Node?, base: Node?) -> Bool {
        guard let head, let base, let name = head["full_name"]?.string, let id = head["id"]?.int else { return true }
        return id != base["id"]?.int || name.lowercased() != base["full_name"]?.string?.lowercased()
    }

    private func checkRun() throws(PayloadError) -> GitHubEvent {
        let action = try text("action", of: root, in: "")
        let isButton = action == "requested_action" && root["requested_action"]?["identifier"]?.string == "rerun"
        guard action == "rerequested" || isButton else {
            return .ignored("nothing acts upon `\(action.shown(40))` of a check run")
        }
        return .rerun(externalID: try object("check_run")["external_id"]?.string ?? "")
    }

    private func checkSuite() throws(PayloadError) -> GitHubEvent {
        let action = try text("action", of: root, in: "")
        guard action == "rerequested" else {
            return .ignored("nothing acts upon `\(action.shown(40))` of a check suite")
        }
        return .rerunAll(head: try text("head_sha", of: try object("check_suite"), in: "check_suite"))
    }

    private func comment() throws(PayloadError) -> GitHubEvent {
        let action = try text("action", of: root, in: "")
        // Somebody else may have edited it.
        guard action == "created" else { return .ignored("only new comments are read") }
        let issue = try object("issue")
        guard issue["pull_request"]?.members != nil else { return .ignored("it isn't a pull request") }
        let comment = try object("comment")
        let author = try text("login", of: comment["user"], in: "comment.user")
        let isBot =
            comment["user"]?["type"]?.string == "Bot" || comment["performed_via_github_app"]?.members != nil
            || root["sender"]?["type"]?.string == "Bot"
        guard !isBot else { return .ignored("it is a bot's comment") }
        guard root["sender"]?["login"]?.string == author else { return .ignored("it is in somebody else's name") }
        let commands = CommentCommand.all(in: comment["body"]?.string ?? "")
        guard !commands.isEmpty else { return .ignored("there is no command in it") }
        return .comment(
            GitHubEvent.Comment(
                number: try number("number", of: issue, in: "issue"), author: author,
                isOwner: comment["author_association"]?.string == "OWNER", commands: commands))
    }

    // MARK: Fields

    private func event(of kind: SourceEvent.Kind, title: String?) throws(PayloadError) -> SourceEvent {
        let sender = root["sender"]?["login"]?.string ?? root["pusher"]?["name"]?.string
        let firstLine = title?.split(whereSeparator: \.isNewline).first.map(String.init)
        return SourceEvent(
            delivery: delivery, received: received, urls: try repository().urls, sender: sender, title: firstLine,
            kind: kind)
    }

    private func object(_ name: String) throws(PayloadError) -> Node {
        guard let node = root[name], node.members != nil else { throw PayloadError(problem: "there is no `\(name)`") }
        return node
    }

    private func text(_ name: String, of node: Node?, in place: String) throws(PayloadError) -> String {
        guard let text = node?[name]?.string, !text.isEmpty else {
            throw PayloadError(problem: "there is no `\(place.isEmpty ? "" : place + ".")\(name)`")
        }
        return text
    }

    private func number(_ name: String, of node: Node, in place: String) throws(PayloadError) -> Int {
        guard let number = node[name]?.int, (1...Int64(Int32.max)).contains(number) else {
            throw PayloadError(problem: "`\(place).\(name)` is no number of a pull request")
        }
        return Int(number)
    }
}
