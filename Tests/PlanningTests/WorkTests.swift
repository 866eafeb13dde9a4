import Model
import Testing

@testable import Planning

@Suite("Work")
struct WorkTests {
    private func driver() throws -> RunDriver {
        var spec = PipelineSpec(
            [
                stage("build"), stage("other"),
                matrix("test", [MatrixAxis(name: "python", values: ["3.11", "3.12"])], needs: ["build"]) {
                    $0.with["image"] = "$(stages.build.results.image)"
                    $0.env = [
                        EnvironmentVariable(name: "WHERE", value: "$(params.target-env)/$(matrix.python)"),
                        EnvironmentVariable(name: "PLAIN", value: "$$(params.x) costs $5"),
                    ]
                    $0.agent = "test"
                    $0.timeoutSeconds = 90
                },
            ], params: [ParamSpec(name: "target-env", default: "stage")])
        spec.source = PipelineSource()
        spec.source?.url = "https://github.com/acme/shop"
        spec.source?.credentials = "shop-token"
        var driver = try RunDriver(spec, ref: "shop")
        driver.run.metadata.namespace = "ci"
        driver.run.spec.source = RunSource()
        driver.run.spec.source?.ref = "refs/heads/main"
        driver.run.spec.source?.pullRequest = 7
        driver.source = .resolved(
            ResolvedSource(url: "https://github.com/acme/shop", revision: "c0ffee", ref: "refs/heads/main"))
        driver.pass()
        driver.perform(
            "build", results: [Param(name: "image", value: "r@sha256:1"), Param(name: "some-size", value: "9")])
        driver.perform("other", results: [Param(name: "unrelated", value: "x")])
        return driver
    }

    @Test func `references are replaced, and variables say the rest`() throws {
        let driver = try driver()
        let graph = try #require(driver.graph)
        let work = try Planning.work(for: "test.1", of: driver.run, graph: graph, status: driver.run.status)
        #expect(work.title == "test[python=3.12]")
        #expect(work.kind == "test")
        #expect(work.script == "true")
        #expect(work.with == ["image": "r@sha256:1"])
        #expect(work.timeoutSeconds == 90)
        #expect(work.credentials == "shop-token")
        #expect(work.source?.revision == "c0ffee")
        #expect(
            work.env.map { "\($0.name)=\($0.value)" } == [
                "WHERE=stage/3.12", "PLAIN=$(params.x) costs $5", "MARTLET_STAGE=test.1", "MARTLET_RUN=shop-1",
                "MARTLET_NAMESPACE=ci", "MARTLET_RUN_UID=u1", "MARTLET_PIPELINE=shop",
                "MARTLET_URL=https://github.com/acme/shop", "MARTLET_REVISION=c0ffee",
                "MARTLET_REF=refs/heads/main", "MARTLET_BRANCH=main", "MARTLET_PULL_REQUEST=7",
                "MARTLET_PARAM_TARGET_ENV=stage", "MARTLET_MATRIX_PYTHON=3.12",
                "MARTLET_RESULT_BUILD_IMAGE=r@sha256:1", "MARTLET_RESULT_BUILD_SOME_SIZE=9",
            ])
    }

    @Test func `the work is the same as long as the attempt is bound`() throws {
        var driver = try driver()
        let graph = try #require(driver.graph)
        let before = try Planning.work(for: "test.0", of: driver.run, graph: graph, status: driver.run.status)
        driver.bind("test.0")
        driver.claim("test.0")
        driver.perform("test.1", results: [Param(name: "r", value: "1")])
        driver.run.spec.approvals.append(ApprovalDecision(stage: "x", decision: .approved))
        driver.want(.cancelled)
        let after = try Planning.work(for: "test.0", of: driver.run, graph: graph, status: driver.run.status)
        #expect(before == after)
        #expect(FieldWriter.bytes(before) == FieldWriter.bytes(after))
    }

    @Test func `the pipeline's credentials aren't used for another repository`() throws {
        var driver = try driver()
        let graph = try #require(driver.graph)
        driver.run.status.source = ResolvedSource(url: "https://evil.example/acme/shop", revision: "c0ffee")
        let other = try Planning.work(for: "build", of: driver.run, graph: graph, status: driver.run.status)
        #expect(other.credentials == nil)
        driver.run.status.source = ResolvedSource(url: "git@github.com:acme/shop.git", revision: "c0ffee")
        let same = try Planning.work(for: "build", of: driver.run, graph: graph, status: driver.run.status)
        #expect(same.credentials == "shop-token")
    }

    @Test func `without a source there is none, and no variables of one`() throws {
        var driver = try RunDriver(PipelineSpec([stage("a")]))
        driver.pass()
        let graph = try #require(driver.graph)
        let work = try Planning.work(for: "a", of: driver.run, graph: graph, status: driver.run.status)
        #expect(work.source == nil)
        #expect(work.env.map(\.name) == ["MARTLET_STAGE", "MARTLET_RUN", "MARTLET_RUN_UID", "MARTLET_PIPELINE"])
    }

    @Test func `the next fence is known before it is bound`() throws {
        var driver = try driver()
        #expect(driver.run.status.nextFence(of: "test.0", in: "u1") == Fence("u1/test.0/1"))
        driver.bind("test.0")
        #expect(driver.run.status[stage: "test.0"]?.fence(in: "u1") == Fence("u1/test.0/1"))
        #expect(driver.run.status.nextFence(of: "nowhere", in: "u1") == nil)
    }

    @Test func `a stored attempt is never bound anew`() throws {
        var driver = try driver()
        driver.bind("test.0")
        let status = driver.run.status
        let isBound = Planning.bind(
            &driver.run.status, stage: "test.0", agent: "a2", instance: "i2", digest: "d2", now: driver.now)
        #expect(!isBound)
        #expect(driver.run.status == status)
    }

    @Test func `a concurrency group may hold references`() throws {
        var spec = PipelineSpec([stage("a")], params: [ParamSpec(name: "env", default: "prod")])
        spec.concurrency = Concurrency()
        spec.concurrency?.group = "deploy-$(params.env)-$(source.branch)"
        var driver = try RunDriver(spec)
        driver.run.spec.source = RunSource()
        driver.run.spec.source?.ref = "refs/heads/main"
        let graph = try #require(driver.graph)
        #expect(try graph.concurrencyGroup(of: driver.run) == "deploy-prod-main")
    }
}
