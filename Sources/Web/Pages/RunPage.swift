internal import Model
internal import Planning
internal import Presentation

/// One run: what it is of, its stages, and why it isn't further.
struct RunPage {
    let run: PipelineRun
    let pipeline: Pipeline?
    let explanation: RunExplanation
    let now: Timestamp

    var html: HTML {
        let picture = RunPicture(run)
        return PageFrame.html(
            picture.name, refresh: run.status.isFinished ? nil : 3,
            #"""
            <h1>\#(picture.name) \#(PageFrame.state(picture.phase.word, picture.phase.ink))</h1>
            \#(message(picture))
            \#(facts(picture))
            \#(gates(explanation.gates))
            <h2>Stages</h2>
            \#(stages)
            """#)
    }

    private func message(_ picture: RunPicture) -> HTML {
        let text = picture.phase.message.isEmpty ? picture.why : picture.phase.message
        return text.isEmpty ? "" : #"<p class="message">\#(text)</p>"#
    }

    // MARK: What it is of

    private func facts(_ picture: RunPicture) -> HTML {
        let annotations = run.metadata.annotations
        let repository = run.status.source?.url ?? run.spec.source?.url ?? pipeline?.spec.source?.url
        var rows: HTML = ""
        func fact(_ name: HTML, _ value: HTML?) {
            guard let value, !value.text.isEmpty else { return }
            rows += "<div><dt>\(name)</dt><dd>\(value)</dd></div>\n"
        }
        fact("Pipeline", picture.pipeline.map { #"<a href="\#(RunsPage.path($0, in: picture.namespace))">\#($0)</a>"# })
        fact("Namespace", picture.namespace.map { "\($0)" })
        // Without what a URL may say of its user.
        fact("Repository", repository.map { "\(RepositoryURL.normalised($0))" })
        fact("Ref", picture.ref.map { "\($0)" })
        fact("Commit", picture.revision.map { PageFrame.link($0, picture.commitURL(pipeline)) })
        fact("Pull request", picture.pullRequest.map { PageFrame.link("#\($0)", picture.pullRequestURL(pipeline)) })
        fact("Comes from", picture.isOfFork ? "a fork, where anybody may have written it" : nil)
        fact("Title", annotations[RunLabels.title].map { "\($0)" })
        fact("By", annotations[RunLabels.sender].map { "\($0)" })
        fact("Trigger", run.metadata.labels[RunLabels.trigger].map { "\($0)" })
        fact("Delivery", annotations[RunLabels.delivery].map { "<code>\($0)</code>" })
        fact("Created", time(run.metadata.creationTimestamp))
        fact("Started", time(run.status.startTime))
        fact("Ended", time(run.status.completionTime))
        fact("Took", RunView(run).elapsed(now: now).map { "\($0)" })
        fact("Reruns", run.spec.rerunCount > 0 ? "\(run.spec.rerunCount)" : nil)
        fact("Ends by", explanation.deadline.flatMap { time($0) })
        return #"<dl class="facts">\#(rows)</dl>"#
    }

    private func time(_ time: Timestamp?) -> HTML? {
        time.map { time in
            let second = Timestamp(seconds: time.microseconds / 1_000_000)
            return #"<time datetime="\#(time.description)">\#(second.description)</time>"#
        }
    }

    // MARK: Why

    private func gates(_ gates: [Gate]) -> HTML {
        guard !gates.isEmpty else { return "" }
        return #"<h2>Why it waits</h2><ul class="gates">\#(gates.html { item($0) })</ul>"#
    }

    private func item(_ gate: Gate) -> HTML {
        let text = gate.text(\.description)
        return #"<li>\#(text)<div class="sub">\#(gate.remedy(run: explanation.run))</div></li>"#
    }

    // MARK: Stages

    private var stages: HTML {
        let views = RunView(run).stages
        guard !explanation.stages.isEmpty else { return #"<p class="empty">Its stages aren't known yet.</p>"# }
        return #"""
            <div class="scroll"><table>
            <thead><tr><th scope="col">Stage</th><th scope="col">State</th><th scope="col">Attempts</th><th scope="col">Agent</th><th scope="col">Began</th><th scope="col">Took</th><th scope="col">What</th></tr></thead>
            <tbody>
            \#(explanation.stages.html { stage in row(stage, views.first { $0.id == stage.id }) })</tbody>
            </table></div>
            """#
    }

    private func row(_ stage: StageExplanation, _ view: StageView?) -> HTML {
        let status = stage.status
        let history: HTML = stage.history.map { #"<div class="sub">\#($0)</div>"# } ?? ""
        let began: HTML = status.startTime.map { PageFrame.age($0, now: now) } ?? ""
        return #"""
            <tr><th scope="row">\#(stage.title)</th><td>\#(PageFrame.state(status.state.rawValue, view?.ink ?? .dim))</td><td>\#(status.attempt)\#(history)</td><td>\#(status.agent ?? "")</td><td>\#(began)</td><td>\#(view?.elapsed(now: now) ?? "")</td><td class="why">\#(what(stage))</td></tr>

            """#
    }

    private func what(_ stage: StageExplanation) -> HTML {
        var html: HTML = ""
        if let end = stage.end {
            let text = end.text
            if stage.status.state != .succeeded { html += "\(text)" }
        }
        if stage.gates.isEmpty, stage.end == nil { html += "\(stage.status.message ?? "")" }
        if !stage.gates.isEmpty { html += #"<ul class="gates">\#(stage.gates.html { item($0) })</ul>"# }
        guard !stage.status.results.isEmpty else { return html }
        html += #"<dl class="results">\#(stage.status.results.html { result($0) })</dl>"#
        return html
    }

    private func result(_ result: Param) -> HTML {
        let isLink = result.value.hasPrefix("https://") && !result.value.contains(where: \.isWhitespace)
        let value = PageFrame.link(result.value, isLink ? result.value : nil)
        return "<div><dt>\(result.name)</dt><dd>\(value)</dd></div>"
    }
}
