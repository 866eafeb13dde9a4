internal import Model
internal import Presentation

/// The pipelines, one a line, each with its newest run.
struct PipelinesPage {
    let pipelines: [Pipeline]
    /// The newest first.
    let runs: [PipelineRun]
    let now: Timestamp

    var html: HTML {
        PageFrame.html(
            "Pipelines", refresh: 30,
            #"""
            <h1>Pipelines</h1>
            <p class="note">\#(min(pipelines.count, PageQuery.most)) of \#(pipelines.count)</p>
            \#(pipelines.isEmpty ? #"<p class="empty">There are no pipelines yet.</p>"# : table)
            """#)
    }

    private var table: HTML {
        // The first that comes of each is its newest; looked up only.
        var newest: [String: PipelineRun] = [:]
        for run in runs {
            guard let name = run.spec.pipelineRef?.name else { continue }
            let key = Self.key(name, run.metadata.namespace)
            if newest[key] == nil { newest[key] = run }
        }
        return #"""
            <div class="scroll"><table>
            <thead><tr><th scope="col">Pipeline</th><th scope="col">Repository</th><th scope="col">Triggers</th><th scope="col">Stages</th><th scope="col">Newest run</th><th scope="col">State</th><th scope="col">Age</th></tr></thead>
            <tbody>
            \#(pipelines.prefix(PageQuery.most).html { row($0, newest[Self.key($0.metadata.name, $0.metadata.namespace)]) })</tbody>
            </table></div>
            """#
    }

    private static func key(_ name: String, _ namespace: String?) -> String { "\(namespace ?? "")/\(name)" }

    private func row(_ pipeline: Pipeline, _ run: PipelineRun?) -> HTML {
        let spec = pipeline.spec
        let suspended: HTML = spec.desiredState == .suspended ? #" <span class="state warn">suspended</span>"# : ""
        let mistake: HTML =
            pipeline.mistake.map { #" <span class="state bad">not ready</span><div class="sub">\#($0)</div>"# } ?? ""
        let namespace: HTML = pipeline.metadata.namespace.map { #"<div class="sub">\#($0)</div>"# } ?? ""
        let picture = run.map(RunPicture.init)
        let name: HTML = picture.map { #"<a href="\#($0.path)">\#($0.name)</a>"# } ?? "none"
        let state: HTML = picture.map { PageFrame.state($0.phase.word, $0.phase.ink) } ?? ""
        // Without what a URL may say of its user.
        let repository = spec.source.map { RepositoryURL.normalised($0.url) } ?? ""
        return #"""
            <tr><th scope="row"><a href="\#(RunsPage.path(pipeline.metadata.name, in: pipeline.metadata.namespace))">\#(pipeline.metadata.name)</a>\#(suspended)\#(mistake)\#(namespace)</th><td>\#(repository)</td><td>\#(spec.triggers.map(\.word).joined(separator: ", "))</td><td>\#(spec.stages.count + spec.finally.count)</td><td>\#(name)</td><td>\#(state)</td><td>\#(PageFrame.age(run?.metadata.creationTimestamp, now: now))</td></tr>

            """#
    }
}
