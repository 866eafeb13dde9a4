internal import Controller
internal import Document
internal import Model
internal import Planning

/// What a delivery has led to, as its answer tells it.
struct DeliveryOutcome: Equatable, Sendable {
    enum Word: String, Sendable {
        case made
        /// Made, or asked for, before.
        case exists
        /// Asked to be cancelled, to go on, or to run again.
        case asked
        /// Trying again can't help.
        case refused
        /// Trying again may help.
        case failed

        /// For the log.
        var sentence: String {
            switch self {
            case .made: "a run was made"
            case .exists: "the run is there already"
            case .asked: "the run has been told"
            case .refused: "nothing comes of the run"
            case .failed: "it could not be done"
            }
        }
    }

    struct Run: Equatable, Sendable {
        var name: String
        var namespace: String?
        var outcome: Word
        var reason: String?

        init(_ run: PipelineRun, _ outcome: Word, _ reason: String? = nil) {
            name = run.metadata.name
            namespace = run.metadata.namespace
            self.outcome = outcome
            self.reason = reason
        }

        init(_ run: PipelineRun, making outcome: MakeOutcome) {
            switch outcome {
            case .made:
                let isHeld = run.isHeldFork
                self.init(
                    run, .made, isHeld ? "it comes from a fork and waits for /ok-to-test and the commit's full id" : nil
                )
            case .exists: self.init(run, .exists)
            case .refused(let reason): self.init(run, .refused, reason)
            case .failed(let reason): self.init(run, .failed, reason)
            }
        }

        init(_ run: PipelineRun, asking outcome: AskOutcome) {
            switch outcome {
            case .done: self.init(run, .asked)
            case .refused(let reason): self.init(run, .refused, reason)
            case .failed(let reason): self.init(run, .failed, reason)
            }
        }
    }

    var runs: [Run] = []
    var passedOver: [PassedPipeline] = []
    /// Why nothing was done, or not all.
    var reason: String?
    /// Nothing could be found out; trying again may help.
    var isOutOfReach = false

    static func ignored(_ reason: String) -> DeliveryOutcome {
        var outcome = DeliveryOutcome()
        outcome.reason = reason
        return outcome
    }

    static func outOfReach(_ reason: String) -> DeliveryOutcome {
        var outcome = ignored(reason)
        outcome.isOutOfReach = true
        return outcome
    }

    var mayHelpToTryAgain: Bool { isOutOfReach || runs.contains { $0.outcome == .failed } }

    /// As many pipelines as an answer lists.
    private static let listed = 50

    func answer(to delivery: String, event: String) -> Answer {
        var json = JSONWriter()
        json.beginObject()
        json.member("delivery", delivery)
        json.member("event", event)
        json.key("runs")
        json.beginArray()
        for run in runs {
            json.beginObject()
            json.member("name", run.name)
            json.member("namespace", run.namespace)
            json.member("outcome", run.outcome.rawValue)
            json.member("reason", run.reason)
            json.endObject()
        }
        json.endArray()
        if !passedOver.isEmpty {
            json.key("passedOver")
            json.beginArray()
            for pipeline in passedOver.prefix(Self.listed) {
                json.beginObject()
                json.member("pipeline", pipeline.name)
                json.member("namespace", pipeline.namespace)
                json.member("reason", pipeline.reason)
                json.endObject()
            }
            json.endArray()
            if passedOver.count > Self.listed { json.member("passedOverCount", passedOver.count) }
        }
        if runs.isEmpty, !isOutOfReach { json.member("ignored", true) }
        json.member("reason", reason)
        json.endObject()
        let status = mayHelpToTryAgain ? 503 : runs.isEmpty ? 200 : 202
        let answer = Answer(status, .json, json.bytes)
        return mayHelpToTryAgain ? answer.asking(toComeAgainIn: 10) : answer
    }
}
