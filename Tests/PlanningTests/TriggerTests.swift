import Model
import Testing

@testable import Planning

@Suite("Triggers")
struct TriggerTests {
    static let commit = String(repeating: "c", count: 40)

    private static func trigger(_ fill: (inout Trigger) -> Void) -> Trigger {
        var trigger = Trigger()
        fill(&trigger)
        return trigger
    }

    static func push(
        _ branches: [String] = [], paths: [String] = [], pathsIgnore: [String] = []
    ) -> Trigger {
        trigger { trigger in
            trigger.push = RefFilter()
            trigger.push?.branches = branches
            trigger.push?.paths = paths
            trigger.push?.pathsIgnore = pathsIgnore
        }
    }

    static func pullRequest(_ branches: [String] = [], paths: [String] = []) -> Trigger {
        trigger { trigger in
            trigger.pullRequest = RefFilter()
            trigger.pullRequest?.branches = branches
            trigger.pullRequest?.paths = paths
        }
    }

    static func tag(_ tags: [String] = []) -> Trigger {
        trigger { trigger in
            trigger.tag = TagFilter()
            trigger.tag?.tags = tags
        }
    }

    static func pipeline(
        _ triggers: [Trigger], named name: String = "app", url: String = "git@github.com:acme/shop.git",
        namespace: String? = nil
    ) -> Pipeline {
        var pipeline = Pipeline(metadata: Metadata(name: name), spec: PipelineSpec())
        pipeline.metadata.namespace = namespace
        pipeline.spec.source = PipelineSource()
        pipeline.spec.source?.url = url
        pipeline.spec.triggers = triggers
        return pipeline
    }

    static func event(_ kind: SourceEvent.Kind) -> SourceEvent {
        SourceEvent(
            delivery: "d-1", received: Timestamp(seconds: 1_700_000_000),
            urls: ["https://github.com/acme/shop.git", "https://github.com/acme/shop"], sender: "ada",
            title: "Fix it", kind: kind)
    }

    static func pushed(_ ref: String = "refs/heads/main", changed: ChangedPaths = .unknown) -> SourceEvent.Kind {
        .push(Push(ref: ref, revision: commit, changed: changed))
    }

    static func pulled(
        _ base: String = "main", fork: Bool = false, closed: Bool = false, _ changed: ChangedPaths = .unknown
    ) -> SourceEvent.Kind {
        .pullRequest(
            PullRequestChange(number: 7, isClosed: closed, base: base, head: commit, isFork: fork, changed: changed))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var triggers: [Trigger]
        var kind: SourceEvent.Kind
        /// Why there is no run; nil where there is one.
        var reason: String?

        init(_ name: String, _ triggers: [Trigger], _ kind: SourceEvent.Kind, _ reason: String? = nil) {
            testDescription = name
            self.triggers = triggers
            self.kind = kind
            self.reason = reason
        }
    }

    @Test(arguments: [
        Case("an empty filter lets every branch pass", [push()], pushed("refs/heads/feature/x")),
        Case("a branch that a glob matches", [push(["main", "release/*"])], pushed("refs/heads/release/1")),
        Case(
            "a branch that none matches", [push(["main"])], pushed("refs/heads/dev"),
            "has no trigger whose globs match branch `dev`"),
        Case("a tag is no push to a branch", [push()], pushed("refs/tags/v1"), "has no trigger for tags"),
        Case("a tag", [tag(["v*"])], pushed("refs/tags/v1")),
        Case(
            "a tag that no glob matches", [tag(["v*"])], pushed("refs/tags/x"),
            "has no trigger whose globs match tag `x`"),
        Case("no triggers", [], pushed(), "has no trigger for pushes to branches"),
        Case("one of several triggers is enough", [push(["x"]), push(["main"])], pushed()),
        Case(
            "one changed path of those wanted", [push(paths: ["src/**"])], pushed(changed: .known(["a.md", "src/b.c"]))),
        Case(
            "no changed path is wanted", [push(paths: ["src/**"])], pushed(changed: .known(["a.md"])),
            "has a trigger, but no changed path matches its `paths`"),
        Case("unknown paths run rather than not", [push(paths: ["src/**"], pathsIgnore: ["**"])], pushed()),
        Case(
            "all changed paths are to be ignored", [push(pathsIgnore: ["docs/**", "**/*.md"])],
            pushed(changed: .known(["docs/a", "README.md"])),
            "has a trigger, but all changed paths match its `pathsIgnore`"),
        Case(
            "one changed path is not to be ignored", [push(pathsIgnore: ["docs/**"])],
            pushed(changed: .known(["docs/a", "b.c"]))),
        Case("a commit that changes nothing isn't ignored", [push(pathsIgnore: ["**"])], pushed(changed: .known([]))),
        Case(
            "both filters have to let it pass", [push(paths: ["src/**"], pathsIgnore: ["**/*.md"])],
            pushed(changed: .known(["src/a.md"])), "has a trigger, but all changed paths match its `pathsIgnore`"),
        Case(
            "what is to be ignored isn't wanted for another path",
            [push(paths: ["src/**"], pathsIgnore: ["src/gen/**"])],
            pushed(changed: .known(["src/gen/a.py", "README.md"])),
            "has a trigger, but all changed paths that match its `paths` match its `pathsIgnore`, too"),
        Case(
            "one path that is wanted and not to be ignored will do",
            [push(paths: ["src/**"], pathsIgnore: ["src/gen/**"])],
            pushed(changed: .known(["src/gen/a.py", "src/b.py"]))),
        Case(
            "a glob that can't be read matches nothing", [push(["["])], pushed(),
            "has no trigger whose globs match branch `main`"),
        Case("a pull request by its base", [pullRequest(["main"])], pulled("main")),
        Case(
            "a pull request for another branch", [pullRequest(["main"])], pulled("dev"),
            "has no trigger whose globs match the base branch `dev`"),
        Case("a pull request is no push", [push()], pulled(), "has no trigger for pull requests"),
    ])
    func `an event makes a run where a trigger lets it`(_ example: Case) {
        let pipeline = Self.pipeline(example.triggers)
        let decision = TriggerIndex([pipeline]).decision(for: Self.event(example.kind))
        #expect(decision.passedOver.map(\.reason) == (example.reason.map { [$0] } ?? []))
        #expect(decision.runs.count == (example.reason == nil ? 1 : 0))
        #expect(decision.reason == nil)
    }

    @Test func `a push's run says what made it`() throws {
        let pipeline = Self.pipeline([Self.push()], namespace: "shop")
        let decision = TriggerIndex([pipeline]).decision(for: Self.event(Self.pushed()))
        let run = try #require(decision.runs.first)
        #expect(run.metadata.name == NameHash.run(of: "app", for: "d-1"))
        #expect(run.metadata.namespace == "shop")
        #expect(
            run.metadata.labels == [
                RunLabels.trigger: "push",
                RunLabels.repository: RunLabels.repositoryHash("https://github.com/acme/shop"),
            ])
        #expect(
            run.metadata.annotations == [
                RunLabels.delivery: "d-1", RunLabels.received: "2023-11-14T22:13:20Z", RunLabels.sender: "ada",
                RunLabels.title: "Fix it",
            ])
        #expect(run.spec.pipelineRef?.name == "app")
        #expect(run.spec.source?.ref == "refs/heads/main")
        #expect(run.spec.source?.revision == Self.commit)
        #expect(run.spec.source?.url == nil)
        #expect(run.spec.source?.trust == .trusted)
        #expect(run.spec.desiredState == .running)
        #expect(run.spec.problems() == [])
    }

    @Test(arguments: [false, true])
    func `a pull request's run waits where it comes from a fork`(_ fork: Bool) throws {
        let index = TriggerIndex([Self.pipeline([Self.pullRequest()])])
        let run = try #require(index.decision(for: Self.event(Self.pulled(fork: fork))).runs.first)
        #expect(run.metadata.labels[RunLabels.pullRequest] == "7")
        #expect(run.metadata.labels[RunLabels.trigger] == "pull-request")
        #expect(run.spec.source?.ref == "refs/pull/7/head")
        #expect(run.spec.source?.pullRequest == 7)
        #expect(run.spec.source?.trust == (fork ? .fork : .trusted))
        #expect(run.spec.desiredState == (fork ? .paused : .running))
        #expect(run.spec.problems() == [])
    }

    @Test func `a closed pull request cancels its runs and makes none`() {
        let decision = TriggerIndex([Self.pipeline([Self.pullRequest()])]).decision(
            for: Self.event(Self.pulled(closed: true)))
        #expect(decision.cancelsRuns)
        #expect(decision.runs == [])
    }

    @Test(
        arguments: [
            (Push(ref: "refs/heads/x", revision: commit, isDeleted: true), "the ref was deleted"),
            (Push(ref: "refs/heads/x", revision: commit, isSkipped: true), "the commit's message asks for no runs"),
            (Push(ref: "refs/notes/x", revision: commit), "the ref is neither a branch nor a tag"),
            (
                Push(ref: "refs/heads/" + String(repeating: "x", count: 250), revision: commit),
                "the ref's name is longer than 255 bytes"
            ),
        ] as [(Push, String)])
    func `some pushes make no runs at all`(_ push: Push, _ reason: String) {
        let decision = TriggerIndex([Self.pipeline([Self.push(), Self.tag()])]).decision(
            for: Self.event(.push(push)))
        #expect(decision.reason == reason)
        #expect(decision.runs == [] && !decision.cancelsRuns)
    }

    @Test(arguments: [
        ("https://github.com/acme/shop", true), ("https://GitHub.com/acme/shop.git/", true),
        ("ssh://git@github.com/acme/shop.git", true), ("https://github.com/acme/Shop", false),
        ("https://github.com/acme/shopper", false), ("https://github.example/acme/shop", false),
        ("file:../shop", false),
    ])
    func `a pipeline is found by its repository in any form`(_ url: String, _ isFound: Bool) {
        let index = TriggerIndex([Self.pipeline([Self.push()], url: url)])
        let decision = index.decision(for: Self.event(Self.pushed()))
        #expect(decision.runs.count == (isFound ? 1 : 0))
        #expect(decision.reason == (isFound ? nil : "no pipeline has this repository as its source"))
    }

    @Test func `each pipeline of a repository gets one run, but for those that are suspended or going`() {
        var suspended = Self.pipeline([Self.push()], named: "b")
        suspended.spec.desiredState = .suspended
        var going = Self.pipeline([Self.push()], named: "c")
        going.metadata.deletionTimestamp = Timestamp(seconds: 1)
        let both = Self.pipeline([Self.push(), Self.push(["main"])], named: "a")
        let decision = TriggerIndex([both, suspended, going, Self.pipeline([Self.push()], named: "d")]).decision(
            for: Self.event(Self.pushed()))
        #expect(decision.runs.map { $0.spec.pipelineRef?.name } == ["a", "d"])
        #expect(decision.passedOver == [PassedPipeline(name: "b", namespace: nil, reason: "is suspended")])
    }

    @Test func `paths are asked for only where they matter`() {
        func depends(_ triggers: [Trigger], _ kind: SourceEvent.Kind) -> Bool {
            TriggerIndex([Self.pipeline(triggers)]).dependsOnPaths(Self.event(kind))
        }
        #expect(depends([Self.pullRequest(paths: ["a"])], Self.pulled()))
        #expect(!depends([Self.pullRequest(paths: ["a"]), Self.pullRequest()], Self.pulled()))
        #expect(!depends([Self.pullRequest(["x"], paths: ["a"])], Self.pulled()))
        #expect(!depends([Self.pullRequest()], Self.pulled()))
        #expect(!depends([Self.pullRequest(paths: ["a"])], Self.pulled(closed: true)))
    }

    @Test(arguments: [
        ("Fix [skip ci]", true), ("[CI SKIP] x", true), ("docs\n\n[no ci]", true), ("[skip actions]", true),
        ("[actions skip]", true), ("skip ci", false), ("[skip  ci]", false), ("[wip] ci", false), ("", false),
    ])
    func `a commit's message may ask for no runs`(_ message: String, _ asks: Bool) {
        #expect(Push.asksForNoRuns(message) == asks)
    }

    @Test func `more paths than are looked through count as unknown`() {
        #expect(ChangedPaths(["a"]) == .known(["a"]))
        #expect(ChangedPaths(Array(repeating: "a", count: ChangedPaths.countLimit + 1)) == .unknown)
        #expect(ChangedPaths([String(repeating: "a", count: ChangedPaths.sizeLimit + 1)]) == .unknown)
    }
}
