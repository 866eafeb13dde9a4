internal import Document
internal import Model
internal import Planning

/// A message about a run as Slack shows it.
///
/// Slack's limits: 150 characters in a header, 3,000 in a section, 50 blocks, 40,000 characters of text.
struct SlackMessage: Equatable, Sendable {
    /// For notifications, and for those who can't see blocks.
    var text: String
    var header: String
    /// In Slack's markup, one section each.
    var sections: [String]
    /// The small print.
    var context: String

    static let headerLimit = 150
    static let sectionLimit = 3000

    /// - Parameters:
    ///   - lines: The last output of the stage that fails.
    ///   - isRecovery: The run before had failed.
    init(_ run: RunSummary, lines: [String], links: RunLinks, host: GitHubHost?, isRecovery: Bool) {
        let (icon, words) = Self.headline(run, isRecovery: isRecovery)
        header = "\(icon) \(run.pipeline.cleaned()) \(words)".clipped(to: Self.headerLimit)
        let failing = run.failing
        let place = RunWords.ref(run).map { " on \($0)" } ?? ""
        var plain = "\(run.pipeline)\(place) \(words)"
        if let failing { plain += ": \(failing.title) failed" }
        // What is cut is cut before it is escaped, which makes five characters of one at most.
        text = SlackMarkup.escaped(plain.clipped(to: 500))
        sections = [Self.subject(run, links: links, host: host)]
        if let failing {
            sections.append(Self.failure(failing, lines: lines))
        } else if run.phase == .failed || run.phase == .cancelled, !run.message.isEmpty {
            sections.append(SlackMarkup.escaped(run.message.clipped(to: 500)))
        }
        var small: [String] = []
        if let progress = run.progress { small.append("\(SlackMarkup.escaped(progress)) stages") }
        if let time = RunWords.duration(from: run.start, to: run.completion) { small.append(time) }
        small.append(SlackMarkup.link(links.run(run), "run \(SlackMarkup.escaped(run.name.clipped(to: 253)))"))
        if let namespace = run.namespace { small.append("namespace \(SlackMarkup.escaped(namespace))") }
        if run.rerun > 0 { small.append("rerun \(run.rerun)") }
        context = small.joined(separator: " · ")
    }

    private static func headline(_ run: RunSummary, isRecovery: Bool) -> (icon: String, words: String) {
        switch run.phase {
        case .waiting: (":hourglass_flowing_sand:", "waits")
        case .running: (":hourglass_flowing_sand:", "is running")
        case .failing: (":x:", "is failing")
        case .succeeded where isRecovery: (":white_check_mark:", "recovered")
        case .succeeded where run.reason == Reason.completedWithFailures:
            (":warning:", "succeeded with failures that it tolerates")
        case .succeeded: (":white_check_mark:", "succeeded")
        case .failed where run.reason == Reason.runTimeout: (":x:", "ran out of time")
        case .failed: (":x:", "failed")
        case .cancelled where run.reason == Reason.superseded: (":heavy_minus_sign:", "was superseded")
        case .cancelled: (":heavy_minus_sign:", "was cancelled")
        }
    }

    private static func subject(_ run: RunSummary, links: RunLinks, host: GitHubHost?) -> String {
        var parts: [String] = []
        if let ref = RunWords.ref(run) { parts.append(SlackMarkup.code(ref.clipped(to: 100))) }
        if let revision = run.revision {
            let short = SlackMarkup.code(RunWords.commit(revision))
            parts.append(SlackMarkup.link(links.commit(run, host: host), short))
        }
        var lines = [parts.joined(separator: " at ")]
        if let title = run.title, !title.isEmpty { lines.append(SlackMarkup.escaped(title.clipped(to: 200))) }
        if let sender = run.sender, !sender.isEmpty {
            lines.append("by \(SlackMarkup.escaped(sender.clipped(to: 60)))")
        }
        lines.removeAll(where: \.isEmpty)
        // A section must not be empty.
        return lines.isEmpty ? SlackMarkup.escaped(run.name.clipped(to: 253)) : lines.joined(separator: "\n")
    }

    private static func failure(_ stage: RunSummary.Stage, lines: [String]) -> String {
        let title = SlackMarkup.code(stage.title.clipped(to: 100))
        let words = "\(title) failed: \(SlackMarkup.escaped(RunWords.failure(stage).clipped(to: 300)))"
        guard let block = SlackMarkup.block(lines, limit: sectionLimit - words.unicodeScalars.count - 1) else {
            return words
        }
        return "\(words)\n\(block)"
    }

    /// Writes `text` and `blocks` into an object that is open.
    func write(to json: inout JSONWriter) {
        json.member("text", text)
        json.key("blocks")
        json.beginArray()
        json.beginObject()
        json.member("type", "header")
        json.key("text")
        json.beginObject()
        json.member("type", "plain_text")
        json.member("text", header)
        json.member("emoji", true)
        json.endObject()
        json.endObject()
        for section in sections {
            json.beginObject()
            json.member("type", "section")
            json.key("text")
            Self.write(markup: section, to: &json)
            json.endObject()
        }
        json.beginObject()
        json.member("type", "context")
        json.key("elements")
        json.beginArray()
        Self.write(markup: context, to: &json)
        json.endArray()
        json.endObject()
        json.endArray()
    }

    private static func write(markup: String, to json: inout JSONWriter) {
        json.beginObject()
        json.member("type", "mrkdwn")
        json.member("text", markup)
        // Else Slack makes links of whatever looks like one.
        json.member("verbatim", true)
        json.endObject()
    }
}
