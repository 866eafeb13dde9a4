import Document
import Model
import Planning
import Testing

@testable import Web

@Suite("GitHub's payloads")
struct PayloadTests {
    private func read(_ event: String, _ json: String) throws -> GitHubEvent {
        try GitHubPayload(root: try parseJSON(json), delivery: "d-1", received: TestServer.now).event(event)
    }

    private func push(_ json: String) throws -> Push? {
        guard case .source(let event) = try read("push", json), case .push(let push) = event.kind else { return nil }
        return push
    }

    private func change(_ json: String) throws -> PullRequestChange? {
        guard case .source(let event) = try read("pull_request", json), case .pullRequest(let change) = event.kind
        else { return nil }
        return change
    }

    @Test func `a push says what it has moved, and who did it`() throws {
        let event = try read("push", Sample.push())
        guard case .source(let source) = event else {
            Issue.record("\(event)")
            return
        }
        #expect(source.delivery == "d-1")
        #expect(source.sender == "ada")
        #expect(source.title == "Fix it")
        #expect(source.urls.map(RepositoryURL.normalised) == Array(repeating: "github.com/acme/shop", count: 3))
        #expect(
            source.kind
                == .push(Push(ref: "refs/heads/main", revision: Sample.commit, changed: .known(["src/a.c"]))))
    }

    @Test(arguments: [
        ("a new branch", Sample.push(more: #""created":true,"#)),
        ("a branch that wasn't there", Sample.push(before: Sample.none)),
        ("a forced push", Sample.push(more: #""forced":true,"#)),
        (
            "commits that don't hold the newest",
            Sample.push().replacing(#""commits":[{"id":"c"#, with: #""commits":[{"id":"e"#)
        ),
        ("no commits at all", Sample.push().replacing(#""commits":["#, with: #""others":["#)),
        ("a commit without its paths", Sample.push().replacing(#""removed":[]"#, with: #""x":[]"#)),
        ("a path that is no text", Sample.push().replacing(#""removed":[]"#, with: #""removed":[1]"#)),
    ])
    func `paths are unknown where the payload doesn't say all`(_ name: String, _ json: String) throws {
        #expect(try push(json)?.changed == .unknown)
    }

    @Test func `as many commits as are listed at most may not be all`() throws {
        let commit = #"{"id":"\#(Sample.commit)","added":[],"modified":[],"removed":[]}"#
        func changed(_ count: Int) throws -> ChangedPaths? {
            let commits = Array(repeating: commit, count: count).joined(separator: ",")
            return try push(Sample.push().replacing(#""commits":["#, with: #""commits":[\#(commits),"#))?.changed
        }
        #expect(try changed(2046) == .known(["src/a.c"]))
        #expect(try changed(2047) == .unknown)
    }

    @Test func `as many paths as are listed of a commit at most may not be all`() throws {
        func changed(_ count: Int) throws -> ChangedPaths? {
            let paths = (0..<count).map { #""d/\#($0)""# }.joined(separator: ",")
            return try push(Sample.push().replacing(#""removed":[]"#, with: #""removed":[\#(paths)]"#))?.changed
        }
        // One more is added by the commit.
        #expect(try changed(2998) != .unknown)
        #expect(try changed(2999) == .unknown)
    }

    @Test func `deleted refs, and messages that ask for no runs, are told`() throws {
        #expect(try push(Sample.push(more: #""deleted":true,"#))?.isDeleted == true)
        #expect(try push(Sample.push(after: Sample.none))?.isDeleted == true)
        #expect(try push(Sample.push())?.isDeleted == false)
        #expect(try push(Sample.push(message: "x [skip ci]"))?.isSkipped == true)
    }

    @Test func `an annotated tag is the commit that it is of`() throws {
        let tag = Sample.push("refs/tags/v1").replacing(
            #""after":"\#(Sample.commit)""#, with: #""after":"\#(Sample.other)""#)
        #expect(try push(tag)?.revision == Sample.commit)
        #expect(try push(tag.replacing("refs/tags/v1", with: "refs/heads/v1"))?.revision == Sample.other)
    }

    @Test(arguments: ["opened", "synchronize", "reopened", "closed"])
    func `a pull request that changes is read`(_ action: String) throws {
        #expect(
            try change(Sample.pullRequest(action))
                == PullRequestChange(number: 7, isClosed: action == "closed", base: "main", head: Sample.commit))
        #expect(try change(Sample.pullRequest(action, draft: true)) != nil)
    }

    @Test(arguments: ["labeled", "edited", "assigned", "ready_for_review", "converted_to_draft"])
    func `what else happens to a pull request is ignored`(_ action: String) throws {
        #expect(
            try read("pull_request", Sample.pullRequest(action))
                == .ignored("nothing acts upon `\(action)` of a pull request"))
    }

    @Test(arguments: [
        (#"{"id":1,"full_name":"acme/shop"}"#, false), (#"{"id":1,"full_name":"Acme/Shop"}"#, false),
        (#"{"id":2,"full_name":"eve/shop"}"#, true), (#"{"id":2,"full_name":"acme/shop"}"#, true),
        (#"{"id":1,"full_name":"eve/shop"}"#, true), ("null", true), ("{}", true), (#"{"id":1}"#, true),
        (#"{"full_name":"acme/shop"}"#, true),
    ])
    func `a pull request is a fork's unless it is the repository's own`(_ repository: String, _ fork: Bool) throws {
        #expect(try change(Sample.pullRequest(headRepository: repository))?.isFork == fork)
    }

    @Test(arguments: [
        ("push", "{}", "there is no `ref`"),
        ("push", #"{"ref":"refs/heads/x","after":"abc"}"#, "`after` is no commit's full id"),
        ("push", #"{"ref":1}"#, "there is no `ref`"),
        ("push", Sample.push().replacing(#""repository":{"#, with: #""x":{"#), "there is no `repository`"),
        (
            "push", Sample.push().replacing(#""full_name":"acme/shop""#, with: #""full_name":"acme""#),
            "`repository.full_name` isn't OWNER/NAME"
        ),
        ("pull_request", #"{"action":"opened"}"#, "there is no `pull_request`"),
        ("pull_request", "{}", "there is no `action`"),
        (
            "pull_request", Sample.pullRequest(number: 0),
            "`pull_request.number` is no number of a pull request"
        ),
        (
            "pull_request", Sample.pullRequest(head: "--upload-pack=x"),
            "`pull_request.head.sha` is no commit's full id"
        ),
        ("check_run", #"{"action":"rerequested"}"#, "there is no `check_run`"),
        ("check_suite", #"{"action":"rerequested","check_suite":{}}"#, "there is no `check_suite.head_sha`"),
        ("issue_comment", #"{"action":"created"}"#, "there is no `issue`"),
    ])
    func `a payload that doesn't speak as GitHub does says what is missing`(
        _ event: String, _ json: String, _ problem: String
    ) {
        #expect(throws: PayloadError(problem: problem)) { try read(event, json) }
    }

    struct Spoken: Sendable {
        var json: String
        var expect: String

        init(_ json: String, _ expect: String) {
            self.json = json
            self.expect = expect
        }
    }

    @Test(arguments: [
        Spoken(Sample.comment("/retest", action: "edited"), "only new comments are read"),
        Spoken(Sample.comment("/retest", action: "deleted"), "only new comments are read"),
        Spoken(Sample.comment("/retest", isPullRequest: false), "it isn't a pull request"),
        Spoken(Sample.comment("/retest", type: "Bot"), "it is a bot's comment"),
        Spoken(Sample.comment("/retest", app: #"{"id":1}"#), "it is a bot's comment"),
        Spoken(Sample.comment("/retest", sender: "eve"), "it is in somebody else's name"),
        Spoken(Sample.comment("thanks!"), "there is no command in it"),
        Spoken(Sample.comment("please /retest"), "there is no command in it"),
        Spoken(Sample.comment(" /retest"), "there is no command in it"),
        Spoken(Sample.comment("/retests"), "there is no command in it"),
    ])
    func `most comments are left alone`(_ example: Spoken) throws {
        #expect(try read("issue_comment", example.json) == .ignored(example.expect))
    }

    private static let hint = CommentCommand.malformed(
        "write /ok-to-test and the commit's full id, all 40 digits of it")

    @Test(
        arguments: [
            ("/retest", [.retest]), ("/retest please", [.retest]), ("Flaky again.\n/retest\n", [.retest]),
            ("/retest\r\n/cancel\r\n/retest", [.retest, .cancel]), ("/cancel", [.cancel]),
            ("/ok-to-test \(Sample.commit)", [.okToTest(Sample.commit)]),
            ("/ok-to-test  \(Sample.commit.uppercased()) ", [.okToTest(Sample.commit)]),
            ("/ok-to-test", [hint]), ("/ok-to-test \(Sample.commit.prefix(12))", [hint]),
            ("/ok-to-test \(Sample.commit.dropLast())", [hint]), ("/ok-to-test \(Sample.commit)0", [hint]),
            ("/ok-to-test \(Sample.commit.dropLast())g", [hint]), ("/ok-to-test \(Sample.commit) please", [hint]),
            ("> /retest", []), ("", []),
        ] as [(String, [CommentCommand])])
    func `commands stand at the beginning of a line, and a commit is named in full`(
        _ body: String, _ commands: [CommentCommand]
    ) {
        #expect(CommentCommand.all(in: body) == commands)
    }

    @Test func `checks are asked for again by both buttons`() throws {
        #expect(try read("check_run", Sample.checkRun("u/test/0")) == .rerun(externalID: "u/test/0"))
        #expect(
            try read("check_run", Sample.checkRun("u/test/0", action: "requested_action", button: "rerun"))
                == .rerun(externalID: "u/test/0"))
        #expect(
            try read("check_run", Sample.checkRun("u/test/0", action: "requested_action", button: "fix"))
                == .ignored("nothing acts upon `requested_action` of a check run"))
        #expect(
            try read("check_suite", #"{"action":"rerequested","check_suite":{"head_sha":"abc"}}"#)
                == .rerunAll(head: "abc"))
        #expect(
            try read("check_suite", #"{"action":"completed","check_suite":{"head_sha":"abc"}}"#)
                == .ignored("nothing acts upon `completed` of a check suite"))
        #expect(try read("ping", "{}") == .ping)
        #expect(try read("star", "{}") == .ignored("nothing acts upon this event"))
    }

    @Test(arguments: ["push", "pull_request", "check_run", "check_suite", "issue_comment"])
    func `no value of any field makes it stumble`(_ event: String) throws {
        let sample =
            switch event {
            case "push": Sample.push()
            case "pull_request": Sample.pullRequest()
            case "check_run": Sample.checkRun("u/test/0")
            case "check_suite":
                #"{"action":"rerequested","check_suite":{"head_sha":"abc"},"repository":\#(Sample.repository)}"#
            default: Sample.comment("/retest")
            }
        let root = try parseJSON(sample)
        for value in [Node.Value.null, .bool(true), .int(-1), .string(""), .array([]), .object([])] {
            for changed in Self.variants(of: root, value) {
                let payload = GitHubPayload(root: changed, delivery: "d", received: TestServer.now)
                _ = try? payload.event(event)
                _ = try? payload.repository()
            }
        }
    }

    /// The tree with each of its values replaced in turn.
    private static func variants(of node: Node, _ value: Node.Value) -> [Node] {
        var all = [Node(value)]
        switch node.value {
        case .object(let members):
            for place in members.indices {
                for variant in variants(of: members[place].value, value) {
                    var changed = members
                    changed[place].value = variant
                    all.append(Node(.object(changed)))
                }
            }
        case .array(let elements):
            for place in elements.indices {
                for variant in variants(of: elements[place], value) {
                    var changed = elements
                    changed[place] = variant
                    all.append(Node(.array(changed)))
                }
            }
        default: break
        }
        return all
    }
}
