internal import Document
internal import Model
internal import Presentation

/// Runs in brief, for programs.
enum RunListJSON {
    static func bytes(_ list: RunList, link: (String) -> String) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 512 * list.runs.count + 64)
        json.beginObject()
        json.key("runs")
        json.beginArray()
        for run in list.runs { write(RunPicture(run), link, into: &json) }
        json.endArray()
        json.member("total", list.total)
        json.member("offset", list.query.offset)
        json.member("more", list.hasMore)
        json.endObject()
        return json.bytes
    }

    private static func write(_ picture: RunPicture, _ link: (String) -> String, into json: inout JSONWriter) {
        let run = picture.run
        json.beginObject()
        json.member("name", picture.name)
        json.member("namespace", picture.namespace)
        json.member("uid", run.metadata.uid)
        json.member("pipeline", picture.pipeline)
        json.member("state", picture.phase.word)
        json.member("reason", picture.phase.reason.isEmpty ? nil : picture.phase.reason)
        json.member("message", picture.why.isEmpty ? nil : picture.why)
        json.member("progress", run.status.progress)
        json.member("trigger", run.metadata.labels[RunLabels.trigger])
        json.member("ref", picture.ref)
        json.member("revision", picture.revision)
        json.member("pullRequest", picture.pullRequest)
        json.member("isFork", picture.isOfFork ? true : nil)
        json.member("sender", run.metadata.annotations[RunLabels.sender])
        json.member("title", run.metadata.annotations[RunLabels.title])
        json.member("created", run.metadata.creationTimestamp?.description)
        json.member("started", run.status.startTime?.description)
        json.member("completed", run.status.completionTime?.description)
        json.member("url", link(picture.path))
        json.endObject()
    }
}

/// Pipelines in brief, for programs.
enum PipelineListJSON {
    static func bytes(_ pipelines: [Pipeline], _ query: PageQuery) -> [UInt8] {
        let named = pipelines.filter { pipeline in
            query.namespace.map { $0 == pipeline.metadata.namespace ?? "-" } ?? true
        }
        let shown = named.dropFirst(query.offset).prefix(query.limit)
        var json = JSONWriter()
        json.beginObject()
        json.key("pipelines")
        json.beginArray()
        for pipeline in shown {
            json.beginObject()
            json.member("name", pipeline.metadata.name)
            json.member("namespace", pipeline.metadata.namespace)
            // Without what a URL may say of its user.
            json.member("repository", pipeline.spec.source.map { RepositoryURL.normalised($0.url) })
            json.member("suspended", pipeline.spec.desiredState == .suspended)
            json.member("ready", pipeline.mistake == nil)
            json.member("message", pipeline.mistake)
            json.member("stages", pipeline.spec.stages.count + pipeline.spec.finally.count)
            json.member("triggers", pipeline.spec.triggers.map(\.word))
            json.endObject()
        }
        json.endArray()
        json.member("total", named.count)
        json.member("offset", query.offset)
        json.member("more", query.offset + shown.count < named.count)
        json.endObject()
        return json.bytes
    }
}

extension Trigger {
    /// Its kind, as the manifest names it.
    var word: String {
        if push != nil { return "push" }
        if pullRequest != nil { return "pullRequest" }
        if tag != nil { return "tag" }
        return schedule.map { "schedule \($0.cron)" } ?? ""
    }
}
