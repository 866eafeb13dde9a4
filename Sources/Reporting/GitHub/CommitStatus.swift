internal import Document
internal import Model
internal import Planning

/// A commit's status as GitHub shows it, for a whole run.
struct CommitStatus: Equatable, Sendable {
    enum State: String, Equatable, Sendable {
        case pending
        case success
        case failure
        case error
    }

    static let descriptionLimit = 140

    var state: State
    var context: String
    var description: String
    var targetURL: String?

    init(_ run: RunSummary, links: RunLinks) {
        context = "martlet/\(run.pipeline)".clipped(to: 255)
        targetURL = links.run(run)
        let words: String
        switch run.phase {
        case .waiting: (state, words) = (.pending, "Waits to start")
        case .running: (state, words) = (.pending, "Runs")
        case .failing: (state, words) = (.pending, Self.failure(run))
        case .succeeded:
            let time = RunWords.duration(from: run.start, to: run.completion).map { " in \($0)" } ?? ""
            (state, words) = (.success, "Succeeded\(time)")
        case .failed where Self.neverRan.contains(run.reason): (state, words) = (.error, run.message)
        case .failed: (state, words) = (.failure, Self.failure(run))
        // Nothing has been found wrong with the commit, nor right.
        case .cancelled:
            (state, words) = (.error, run.reason == Reason.superseded ? "A newer run took its place" : "Cancelled")
        }
        description = words.cleaned().clipped(to: Self.descriptionLimit)
    }

    /// What the record holds: the state, and the rerun that it belongs to.
    func event(rerun: Int) -> String { "\(state.rawValue)/\(rerun)" }

    /// Ends that say nothing about the commit.
    private static let neverRan = [
        Reason.invalidSpec, Reason.sourceUnavailable, Reason.statusRejected, Reason.specChanged,
    ]

    private static func failure(_ run: RunSummary) -> String {
        guard let stage = run.failing else { return run.message.isEmpty ? "Failed" : run.message }
        return "\(stage.title) failed: \(RunWords.failure(stage))"
    }

    var json: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("state", state.rawValue)
        json.member("target_url", targetURL)
        json.member("description", description)
        json.member("context", context)
        json.endObject()
        return json.bytes
    }
}
