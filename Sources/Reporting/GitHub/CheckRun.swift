internal import Document
internal import Model

/// A check run as GitHub shows it, for one stage of a run.
struct CheckRun: Equatable, Sendable {
    enum State: Equatable, Sendable {
        case queued
        case inProgress
        case completed(String)
    }

    /// How many annotations GitHub takes with one request; it adds them to those that are there.
    static let annotationsPerRequest = 50
    static let rerunAction = "rerun"

    /// `<pipeline> / <stage>`.
    var name: String
    /// `<run UID>/<stage>/<rerun>`, by which a check run is found again.
    var externalID: String
    var state: State
    var startedAt: Timestamp?
    var completedAt: Timestamp?
    var detailsURL: String?
    var title: String
    var summary: String
    /// Whether a button offers to run it again.
    var offersRerun: Bool

    var isCompleted: Bool { if case .completed = state { true } else { false } }

    init(_ stage: RunSummary.Stage, of run: RunSummary, links: RunLinks) {
        let status = stage.status
        name = "\(run.pipeline) / \(stage.title)".cleaned().clipped(to: 255)
        externalID = "\(run.uid)/\(stage.id)/\(run.rerun)"
        detailsURL = links.run(run)
        startedAt = status.startTime
        completedAt = nil
        let words: String
        switch status.state {
        case .waiting where status.reason == Reason.approvalPending:
            (state, words) = (.completed("action_required"), "Waits for approval")
        case .pending, .waiting, .queued, .assigned: (state, words) = (.queued, "Queued")
        case .running: (state, words) = (.inProgress, "Running")
        case .succeeded:
            let time = RunWords.duration(from: status.startTime, to: status.completionTime).map { " in \($0)" } ?? ""
            (state, words) = (.completed("success"), "Succeeded\(time)")
        // The pipeline goes on after it, so that the commit isn't to be red for it.
        case .failed where stage.isTolerated:
            (state, words) = (.completed("neutral"), "Failed, which the pipeline tolerates")
        case .failed where status.reason == Reason.timeout: (state, words) = (.completed("timed_out"), "Timed out")
        case .failed: (state, words) = (.completed("failure"), "Failed")
        case .skipped: (state, words) = (.completed("skipped"), "Skipped")
        case .cancelled: (state, words) = (.completed("cancelled"), "Cancelled")
        }
        title = words
        summary = Self.summary(stage, of: run)
        switch status.state {
        case .failed: offersRerun = !stage.isTolerated
        case .cancelled: offersRerun = true
        default: offersRerun = false
        }
        if isCompleted { completedAt = status.completionTime }
        // GitHub refuses an end before the beginning.
        if let start = startedAt, let end = completedAt, end < start { startedAt = end }
    }

    private static func summary(_ stage: RunSummary.Stage, of run: RunSummary) -> String {
        var parts: [String] = []
        if let message = stage.status.message, !message.isEmpty { parts.append(markdown(message.clipped(to: 1024))) }
        var facts = ["run \(markdown(run.name))"]
        if stage.status.attempt > 1 { facts.append("attempt \(stage.status.attempt)") }
        if let agent = stage.status.agent { facts.append("agent \(markdown(agent))") }
        parts.append(facts.joined(separator: ", "))
        return parts.joined(separator: "\n\n")
    }

    /// Text that others have written, with nothing in it that Markdown or HTML would act on.
    private static func markdown(_ text: String) -> String {
        var escaped = ""
        for character in text.cleaned(keepsLines: true) {
            if "\\`*_{}[]<>()#+!|~@&".contains(character) { escaped += "\\" }
            escaped.append(character)
        }
        return escaped
    }

    /// The body of a request that makes it (with the commit), or brings it up to date.
    func json(revision: String?, annotations: ArraySlice<Annotation>) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("name", name)
        json.member("head_sha", revision)
        json.member("external_id", externalID)
        json.member("details_url", detailsURL)
        switch state {
        case .queued: json.member("status", "queued")
        case .inProgress: json.member("status", "in_progress")
        case .completed(let conclusion):
            json.member("status", "completed")
            json.member("conclusion", conclusion)
        }
        json.member("started_at", startedAt.map(Self.time))
        json.member("completed_at", completedAt.map(Self.time))
        writeOutput(to: &json, annotations)
        if offersRerun {
            json.key("actions")
            json.beginArray()
            json.beginObject()
            json.member("label", "Re-run")
            json.member("description", "Run what failed again")
            json.member("identifier", Self.rerunAction)
            json.endObject()
            json.endArray()
        }
        json.endObject()
        return json.bytes
    }

    /// The body of a request that adds further annotations.
    func json(further annotations: ArraySlice<Annotation>) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        writeOutput(to: &json, annotations)
        json.endObject()
        return json.bytes
    }

    private func writeOutput(to json: inout JSONWriter, _ annotations: ArraySlice<Annotation>) {
        json.key("output")
        json.beginObject()
        json.member("title", title)
        json.member("summary", summary)
        if !annotations.isEmpty {
            json.key("annotations")
            json.beginArray()
            for annotation in annotations { Self.write(annotation, to: &json) }
            json.endArray()
        }
        json.endObject()
    }

    private static func write(_ annotation: Annotation, to json: inout JSONWriter) {
        let line = max(1, annotation.line ?? 1)
        json.beginObject()
        json.member("path", annotation.path)
        json.member("start_line", line)
        json.member("end_line", line)
        if annotation.line != nil, let column = annotation.column, column > 0 {
            json.member("start_column", column)
            json.member("end_column", column)
        }
        switch annotation.severity {
        case .notice: json.member("annotation_level", "notice")
        case .warning: json.member("annotation_level", "warning")
        case .error: json.member("annotation_level", "failure")
        }
        let message = annotation.message.cleaned(keepsLines: true).clipped(toBytes: 65_536)
        json.member("message", message.isEmpty ? annotation.rule ?? "(no message)" : message)
        json.member("title", annotation.rule?.cleaned().clipped(to: 255))
        json.endObject()
    }

    /// ISO 8601 without a fraction, as GitHub has it.
    private static func time(_ time: Timestamp) -> String {
        Timestamp(seconds: time.microseconds / 1_000_000).description
    }
}
