internal import Model
internal import Presentation

/// The runs, one a line.
struct RunsPage {
    let list: RunList
    let now: Timestamp

    var html: HTML {
        return PageFrame.html(
            "Runs", refresh: 5,
            #"""
            <h1>Runs\#(filter)</h1>
            <p class="note">\#(range)</p>
            \#(list.runs.isEmpty ? empty : table)
            \#(more)
            """#)
    }

    private var empty: HTML {
        list.total == 0
            ? #"<p class="empty">There are no runs\#(filter) yet.</p>"#
            : #"<p class="empty">There are no further runs\#(filter).</p>"#
    }

    /// Where the runs of a pipeline are.
    static func path(_ pipeline: String, in namespace: String?) -> String {
        "/?pipeline=\(pipeline)" + (namespace.map { "&namespace=\($0)" } ?? "")
    }

    private var range: HTML {
        if list.runs.isEmpty { return "none of \(list.total)" }
        let open = list.runs.count { !$0.status.isFinished }
        return
            "\(list.query.offset + 1)–\(list.query.offset + list.runs.count) of \(list.total), \(open) of these not ended"
    }

    private var filter: HTML {
        switch (list.query.pipeline, list.query.namespace) {
        case (let pipeline?, let namespace?): " of \(pipeline) in \(namespace)"
        case (let pipeline?, nil): " of \(pipeline)"
        case (nil, let namespace?): " in \(namespace)"
        case (nil, nil): ""
        }
    }

    private var table: HTML {
        #"""
        <div class="scroll"><table>
        <thead><tr><th scope="col">Run</th><th scope="col">Pipeline</th><th scope="col">Ref</th><th scope="col">State</th><th scope="col">Stages</th><th scope="col">Age</th><th scope="col">Why</th></tr></thead>
        <tbody>
        \#(list.runs.html { row(RunPicture($0)) })</tbody>
        </table></div>
        """#
    }

    private func row(_ picture: RunPicture) -> HTML {
        let run = picture.run
        let pipeline: HTML =
            picture.pipeline.map { #"<a href="\#(Self.path($0, in: picture.namespace))">\#($0)</a>"# }
            ?? #"<span class="calm">inline</span>"#
        let title: HTML =
            run.metadata.annotations[RunLabels.title].map { #"<div class="sub">\#($0.shown(80))</div>"# } ?? ""
        return #"""
            <tr><th scope="row"><a href="\#(picture.path)">\#(picture.name)</a></th><td>\#(pipeline)</td><td>\#(source(picture))\#(title)</td><td>\#(PageFrame.state(picture.phase.word, picture.phase.ink))</td><td>\#(run.status.progress ?? "")</td><td>\#(PageFrame.age(run.metadata.creationTimestamp, now: now))</td><td class="why">\#(picture.why.shown(200))</td></tr>

            """#
    }

    private func source(_ picture: RunPicture) -> HTML {
        let fork: HTML = picture.isOfFork ? #" <span class="state warn">fork</span>"# : ""
        let revision: HTML = picture.revisionText.map { " <code>\($0)</code>" } ?? ""
        return "\(picture.refText ?? "")\(revision)\(fork)"
    }

    private var more: HTML {
        guard list.hasMore else { return "" }
        return #"<p><a href="/?\#(list.query.next())">Older runs</a></p>"#
    }
}
