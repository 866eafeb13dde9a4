import Model

/// Pipelines, runs and payloads for tests, of our own making.
enum Sample {
    static let commit = String(repeating: "c", count: 40)
    static let other = String(repeating: "d", count: 40)
    static let none = String(repeating: "0", count: 40)

    static let repository = """
        {"full_name":"acme/shop","name":"shop","owner":{"login":"acme"},"clone_url":"https://github.com/acme/shop.git",\
        "ssh_url":"git@github.com:acme/shop.git","html_url":"https://github.com/acme/shop"}
        """

    static func push(
        _ ref: String = "refs/heads/main", after: String = commit, before: String = other, more: String = "",
        message: String = "Fix it\\n\\nAll of it", added: [String] = ["src/a.c"]
    ) -> String {
        let paths = added.map { "\"\($0)\"" }.joined(separator: ",")
        let commit = """
            {"id":"\(after)","message":"\(message)","added":[\(paths)],"modified":[],"removed":[]}
            """
        return """
            {"ref":"\(ref)","before":"\(before)","after":"\(after)",\(more)"commits":[\(commit)],"head_commit":\(commit),\
            "repository":\(repository),"sender":{"login":"ada","type":"User"}}
            """
    }

    static func pullRequest(
        _ action: String = "opened", number: Int = 7, head: String = commit, headRepository: String? = nil,
        draft: Bool = false
    ) -> String {
        let base = #"{"id":1,"full_name":"acme/shop"}"#
        return """
            {"action":"\(action)","number":\(number),"pull_request":{"number":\(number),"title":"Better","draft":\(draft),\
            "head":{"ref":"topic","sha":"\(head)","repo":\(headRepository ?? base)},\
            "base":{"ref":"main","sha":"\(other)","repo":\(base)}},\
            "repository":\(repository),"sender":{"login":"ada","type":"User"}}
            """
    }

    static func comment(
        _ body: String, action: String = "created", author: String = "ada", sender: String? = nil,
        association: String = "CONTRIBUTOR", type: String = "User", app: String = "null", isPullRequest: Bool = true
    ) -> String {
        """
        {"action":"\(action)","issue":{"number":7,"title":"x"\(isPullRequest ? #","pull_request":{"url":"x"}"# : "")},\
        "comment":{"user":{"login":"\(author)","type":"\(type)"},"author_association":"\(association)",\
        "performed_via_github_app":\(app),"body":"\(body)"},\
        "repository":\(repository),"sender":{"login":"\(sender ?? author)","type":"\(type)"}}
        """
    }

    static func checkRun(_ externalID: String, action: String = "rerequested", button: String? = nil) -> String {
        let requested = button.map { #""requested_action":{"identifier":"\#($0)"},"# } ?? ""
        return """
            {"action":"\(action)",\(requested)"check_run":{"external_id":"\(externalID)"},"repository":\(repository),\
            "sender":{"login":"ada","type":"User"}}
            """
    }

    static func pipeline(_ name: String = "app", _ fill: (inout PipelineSpec) -> Void = { _ in }) -> Pipeline {
        var pipeline = Pipeline(metadata: Metadata(name: name), spec: PipelineSpec())
        pipeline.spec.source = PipelineSource()
        pipeline.spec.source?.url = "https://github.com/acme/shop"
        pipeline.spec.stages = [StageSpec(name: "test", run: "true")]
        var push = Trigger()
        push.push = RefFilter()
        var pullRequest = Trigger()
        pullRequest.pullRequest = RefFilter()
        pipeline.spec.triggers = [push, pullRequest]
        fill(&pipeline.spec)
        return pipeline
    }

    /// A run of pull request 7 that has failed.
    static func run(_ name: String = "app-1", _ change: (inout PipelineRun) -> Void = { _ in }) -> PipelineRun {
        var run = PipelineRun(
            metadata: Metadata(name: name, uid: "uid-\(name)", creationTimestamp: Timestamp(seconds: 1_699_999_000)),
            spec: PipelineRunSpec())
        run.metadata.labels[RunLabels.repository] = RunLabels.repositoryHash("https://github.com/acme/shop")
        run.metadata.labels[RunLabels.pullRequest] = "7"
        run.spec.pipelineRef = PipelineReference(name: "app")
        run.spec.source = RunSource()
        run.spec.source?.revision = commit
        run.spec.source?.ref = "refs/pull/7/head"
        run.spec.source?.pullRequest = 7
        run.status.startTime = Timestamp(seconds: 1_699_999_001)
        run.status.completionTime = Timestamp(seconds: 1_699_999_009)
        run.status.conditions.set(
            Condition.succeeded, .false, reason: Reason.stageFailed, message: "test failed",
            at: Timestamp(seconds: 1_699_999_009))
        change(&run)
        return run
    }
}

extension PipelineRun {
    /// The same, not ended yet.
    mutating func makeActive() {
        status.completionTime = nil
        status.conditions = []
    }

    /// A fork's, which nobody has let go.
    mutating func makeHeldFork() {
        makeActive()
        status.startTime = nil
        spec.source?.trust = .fork
        spec.desiredState = .paused
    }
}
