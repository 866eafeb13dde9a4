internal import HTTPTypes
internal import Model
internal import Planning
internal import Presentation

/// What those see who read: pages for people, JSON for programs.
struct Pages: Sendable {
    let view: any RunsView
    let ports: WebPorts
    let externalURL: String?

    func style(ifNoneMatch: String?) -> Answer {
        let isKnown = ifNoneMatch?.contains(StyleSheet.tag) == true
        var answer = Answer(isKnown ? 304 : 200, .css, isKnown ? "" : StyleSheet.text)
        answer.headers[.eTag] = StyleSheet.tag
        answer.headers[.cacheControl] = "public, max-age=3600"
        return answer
    }

    func answer(to route: Route, _ query: PageQuery, asJSON: Bool) async -> Answer {
        if let complaint = query.complaint { return Answer(refusal: 400, complaint, asJSON: asJSON) }
        guard view.isListed else {
            return Answer(refusal: 503, "what there is hasn't been listed yet", asJSON: asJSON)
                .asking(toComeAgainIn: 2)
        }
        let now = ports.now()
        switch route {
        case .home: return page(RunsPage(list: RunList(view.runs, query), now: now).html)
        case .pipelines: return page(PipelinesPage(pipelines: view.pipelines, runs: view.runs, now: now).html)
        case .runList: return Answer(200, .json, RunListJSON.bytes(RunList(view.runs, query), link: link))
        case .pipelineList: return Answer(200, .json, PipelineListJSON.bytes(view.pipelines, query))
        case .run(let name): return await withRun(name, asJSON: asJSON) { page(await runPage($0, now: now)) }
        case .runObject(let name):
            return await withRun(name, asJSON: true) { Answer(200, .json, ResourceJSON.text(.run($0))) }
        case .runExplanation(let name):
            return await withRun(name, asJSON: true) { run in
                Answer(
                    200, .json,
                    ExplanationJSON.text(await explanation(of: run, now: now), of: run, agents: .unknown))
            }
        case .webhook, .healthy, .ready, .metrics, .style:
            return Answer(refusal: 404, "there is nothing here", asJSON: asJSON)
        }
    }

    private func page(_ html: HTML) -> Answer { Answer(200, .html, html.text) }

    private func link(_ path: String) -> String { (externalURL ?? "") + path }

    private func withRun(_ name: Route.Name, asJSON: Bool, _ use: (PipelineRun) async -> Answer) async -> Answer {
        guard let run = view.run(named: name.name, namespace: name.namespace) else {
            return Answer(refusal: 404, "there is no such run", asJSON: asJSON)
        }
        return await use(run)
    }

    private func runPage(_ run: PipelineRun, now: Timestamp) async -> HTML {
        RunPage(
            run: run, pipeline: view.pipeline(of: run), explanation: await explanation(of: run, now: now), now: now
        ).html
    }

    private func explanation(of run: PipelineRun, now: Timestamp) async -> RunExplanation {
        if let told = await ports.explain(run) { return told }
        let spec = run.status.pipelineSpec ?? run.spec.pipelineSpec ?? view.pipeline(of: run)?.spec
        let graph = spec.flatMap { spec in try? StageGraph(spec) }
        return Planning.explanation(of: ExplanationInput(run: run, graph: graph, now: now))
    }
}

/// Some of the runs, as a query asks for them.
struct RunList {
    var runs: [PipelineRun]
    let query: PageQuery
    /// How many there are of those that the query names.
    let total: Int

    init(_ all: [PipelineRun], _ query: PageQuery) {
        self.query = query
        var named = all
        if let pipeline = query.pipeline { named = named.filter { $0.spec.pipelineRef?.name == pipeline } }
        if let namespace = query.namespace { named = named.filter { ($0.metadata.namespace ?? "-") == namespace } }
        total = named.count
        runs = Array(named.dropFirst(query.offset).prefix(query.limit))
    }

    var hasMore: Bool { query.offset + runs.count < total }
}
