import Controller
import Document
import HummingbirdCore
import Model
import Testing

@testable import Web

@Suite("Pages")
struct PageTests {
    private static let hostile = #"<script>alert("1")</script>&'\#u{202E}"#

    private static func run(_ name: String, _ change: (inout PipelineRun) -> Void = { _ in }) -> PipelineRun {
        Sample.run(name, change)
    }

    private func get(
        _ path: String, runs: [PipelineRun] = [], pipelines: [Pipeline] = []
    ) async throws -> (status: Int, body: String) {
        let board = RunBoard()
        board.followed(.listed(runs: runs, pipelines: pipelines))
        let pages = Pages(
            view: board, ports: WebPorts(now: { TestServer.now }), externalURL: "https://ci.example.com")
        let parts = path.split(separator: "?", maxSplits: 1)
        let route = try #require(Route(String(parts[0])))
        let answer = await pages.answer(to: route, PageQuery(.init(path)), asJSON: path.hasPrefix("/api"))
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    @Test func `nothing that comes from outside becomes markup`() async throws {
        let hostile = Self.run("x") { run in
            run.metadata.name = Self.hostile
            run.metadata.annotations[RunLabels.title] = Self.hostile
            run.metadata.annotations[RunLabels.sender] = Self.hostile
            run.metadata.annotations[RunLabels.delivery] = Self.hostile
            run.metadata.labels[RunLabels.trigger] = Self.hostile
            run.spec.pipelineRef?.name = Self.hostile
            run.spec.source?.ref = Self.hostile
            run.spec.source?.revision = Self.hostile
            run.spec.source?.url = Self.hostile
            run.status.conditions.set(
                Condition.succeeded, .false, reason: Self.hostile, message: Self.hostile, at: Timestamp(seconds: 1))
            var stage = StageStatus(id: Self.hostile, state: .failed)
            stage.message = Self.hostile
            stage.agent = Self.hostile
            stage.results = [
                Param(name: Self.hostile, value: Self.hostile), Param(name: "js", value: "javascript:alert(1)"),
                Param(name: "url", value: "https://example.com/\"onmouseover=\"alert(1)"),
            ]
            run.status.stages = [stage]
        }
        let pipeline = Sample.pipeline(Self.hostile) { $0.source?.url = Self.hostile }
        var bodies: [String] = []
        for path in ["/", "/pipelines"] {
            bodies.append(try await get(path, runs: [hostile], pipelines: [pipeline]).body)
        }
        let board = RunBoard()
        board.followed(.listed(runs: [hostile], pipelines: []))
        let pages = Pages(view: board, ports: WebPorts(now: { TestServer.now }), externalURL: nil)
        let answer = await pages.answer(to: .run(Route.Name("-", Self.hostile[...])), PageQuery(), asJSON: false)
        #expect(answer.status == 200)
        bodies.append(String(decoding: answer.body, as: UTF8.self))
        for body in bodies {
            #expect(!body.contains("<script"))
            #expect(!body.contains("\u{202E}"))
            #expect(!body.contains("\"onmouseover"))
            #expect(!body.contains("href=\"javascript"))
            #expect(body.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"))
        }
    }

    @Test func `markup is what literals say, and nothing else`() {
        let text = "<b>&\"'\u{7}\n"
        let html: HTML = "<i>\(text)</i>\(3)\("<u>" as HTML)"
        #expect(html.text == "<i>&lt;b&gt;&amp;&quot;&#39;\u{FFFD}\n</i>3<u>")
    }

    @Test func `the list says each run's state in a word`() async throws {
        let page = try await get(
            "/",
            runs: [
                Self.run("failed"), Self.run("active") { $0.makeActive() }, Self.run("held") { $0.makeHeldFork() },
            ]
        ).body
        #expect(page.contains(#"<a href="/runs/-/failed">failed</a>"#))
        #expect(page.contains(#"<span class="state bad">Failed</span>"#))
        #expect(page.contains(#"<span class="state busy">Running</span>"#))
        #expect(page.contains(#"<span class="state warn">Paused</span>"#))
        #expect(page.contains("comes from a fork: waits for /ok-to-test and the commit&#39;s full id"))
        #expect(page.contains("test failed"))
        #expect(page.contains("1–3 of 3, 2 of these not ended"))
        #expect(page.contains("#7 <code>cccccccccc</code>"))
        #expect(page.contains(#"<meta http-equiv="refresh" content="5">"#))
    }

    @Test func `a run's page says what it is of, and why its stages wait`() async throws {
        let run = Self.run("app-1") { run in
            run.makeActive()
            run.metadata.annotations[RunLabels.sender] = "ada"
            run.status.pipelineSpec = Sample.pipeline().spec
            var stage = StageStatus(id: "test", state: .queued)
            stage.reason = Reason.noAgent
            stage.message = "no agent offers `shell`"
            run.status.stages = [stage]
        }
        let page = try await get("/runs/-/app-1", runs: [run], pipelines: [Sample.pipeline()]).body
        #expect(page.contains(#"<span class="state calm">Queued</span>"#))
        #expect(page.contains("no agent offers `shell`"))
        #expect(
            page.contains(
                #"<a href="https://github.com/acme/shop/commit/\#(Sample.commit)" rel="noopener noreferrer">"#))
        #expect(page.contains(#"<a href="https://github.com/acme/shop/pull/7" rel="noopener noreferrer">#7</a>"#))
        #expect(page.contains("<dt>By</dt><dd>ada</dd>"))
        #expect(page.contains(#"http-equiv="refresh""#))
        let ended = try await get("/runs/-/app-2", runs: [Self.run("app-2")]).body
        #expect(!ended.contains(#"http-equiv="refresh""#))
    }

    @Test func `links of results lead to pages, and nowhere else`() async throws {
        let run = Self.run("app-1") { run in
            var stage = StageStatus(id: "test", state: .succeeded)
            stage.results = [
                Param(name: "report", value: "https://example.com/r?a=1&b=2"), Param(name: "image", value: "http://x"),
            ]
            run.status.stages = [stage]
        }
        let page = try await get("/runs/-/app-1", runs: [run]).body
        #expect(page.contains(#"<a href="https://example.com/r?a=1&amp;b=2" rel="noopener noreferrer">"#))
        #expect(page.contains("<dt>image</dt><dd>http://x</dd>"))
    }

    @Test func `pipelines come with their newest run, and URLs without their users`() async throws {
        let pipeline = Sample.pipeline { $0.source?.url = "https://somebody@github.com/acme/shop.git" }
        let page = try await get("/pipelines", runs: [Self.run("app-1")], pipelines: [pipeline]).body
        #expect(page.contains("<td>github.com/acme/shop</td>"))
        #expect(page.contains(#"<a href="/runs/-/app-1">app-1</a>"#))
        #expect(page.contains("push, pullRequest"))
        #expect(!page.contains("somebody"))
    }

    @Test func `a pipeline with a mistake says so, and what is wrong`() async throws {
        var pipeline = Sample.pipeline()
        #expect(!(try await get("/pipelines", pipelines: [pipeline]).body.contains("not ready")))
        pipeline.status.conditions.set(
            Condition.ready, .false, reason: Reason.invalidSpec, message: "ci.yaml:3:1: error: <what>",
            at: Timestamp(seconds: 0))
        let page = try await get("/pipelines", pipelines: [pipeline]).body
        #expect(page.contains(#"<span class="state bad">not ready</span>"#))
        #expect(page.contains("ci.yaml:3:1: error: &lt;what&gt;"))
    }

    @Test func `a list has as many as are asked for, and says that there are more`() async throws {
        let runs = (0..<5).map { number in
            Self.run("app-\(number)") { $0.metadata.creationTimestamp = Timestamp(seconds: Int64(number)) }
        }
        let page = try await get("/?limit=2&offset=2&pipeline=app", runs: runs).body
        #expect(page.contains("app-2") && page.contains("app-1") && !page.contains("app-3") && !page.contains("app-0"))
        #expect(page.contains(#"<a href="/?limit=2&amp;offset=4&amp;pipeline=app">Older runs</a>"#))
        let json = try parseJSON(try await get("/api/v1/runs?limit=2&offset=2", runs: runs).body)
        #expect(json["runs"]?.array?.compactMap { $0["name"]?.string } == ["app-2", "app-1"])
        #expect(json["total"]?.int == 5)
        #expect(json["more"]?.value == .bool(true))
        let none = try parseJSON(try await get("/api/v1/runs?pipeline=docs", runs: runs).body)
        #expect(none["total"]?.int == 0)
        #expect(none["more"]?.value == .bool(false))
    }

    @Test func `the API says of a run what pages say`() async throws {
        let run = Self.run("app-1") { run in
            run.metadata.namespace = "shop"
            run.metadata.labels[RunLabels.trigger] = "pull-request"
        }
        let body = try await get("/api/v1/runs?namespace=shop", runs: [run, Self.run("other")]).body
        #expect(
            body == """
                {"runs":[{"name":"app-1","namespace":"shop","uid":"uid-app-1","pipeline":"app","state":"Failed",\
                "reason":"StageFailed","message":"test failed","trigger":"pull-request","ref":"refs/pull/7/head",\
                "revision":"\(Sample.commit)","pullRequest":7,"created":"2023-11-14T21:56:40Z",\
                "started":"2023-11-14T21:56:41Z","completed":"2023-11-14T21:56:49Z",\
                "url":"https://ci.example.com/runs/shop/app-1"}],"total":1,"offset":0,"more":false}
                """)
        let object = try parseJSON(try await get("/api/v1/runs/shop/app-1", runs: [run]).body)
        #expect(object["kind"]?.string == "PipelineRun")
        #expect(try await get("/api/v1/runs/-/app-1", runs: [run]).status == 404)
        let explained = try parseJSON(try await get("/api/v1/runs/shop/app-1/explanation", runs: [run]).body)
        #expect(explained["state"]?.string == "Failed")
        let pipelines = try await get("/api/v1/pipelines", pipelines: [Sample.pipeline()]).body
        #expect(
            pipelines == """
                {"pipelines":[{"name":"app","repository":"github.com/acme/shop","suspended":false,"ready":true,"stages":1,\
                "triggers":["push","pullRequest"]}],"total":1,"offset":0,"more":false}
                """)
        var broken = Sample.pipeline()
        broken.status.conditions.set(
            Condition.ready, .false, reason: Reason.invalidSpec, message: "it needs itself", at: TestServer.now)
        let mistaken = try parseJSON(try await get("/api/v1/pipelines", pipelines: [broken]).body)["pipelines"]?.array
        #expect(mistaken?.first?["ready"]?.json() == "false")
        #expect(mistaken?.first?["message"]?.string == "it needs itself")
    }
}
