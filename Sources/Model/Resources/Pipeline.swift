/// Says which stages a repository goes through (`kind: Pipeline`).
package struct Pipeline: Equatable, Sendable {
    package static let kind = "Pipeline"

    package var metadata: Metadata
    package var spec: PipelineSpec
    package var status: PipelineStatus

    package init(metadata: Metadata, spec: PipelineSpec, status: PipelineStatus = PipelineStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// What the user asked for in a Pipeline.
package struct PipelineSpec: Fields, Equatable {
    package enum DesiredState: String, Choice {
        case active = "Active"
        case suspended = "Suspended"
    }

    package static let defaultTimeoutSeconds = 86_400

    package var source: PipelineSource?
    package var params: [ParamSpec] = []
    /// The whole run, waiting included.
    package var timeoutSeconds = PipelineSpec.defaultTimeoutSeconds
    package var desiredState = DesiredState.active
    package var stages: [StageSpec] = []
    /// Stages that run once the others have ended, whatever the outcome, after a cancel too.
    package var finally: [StageSpec] = []
    package var triggers: [Trigger] = []
    package var concurrency: Concurrency?
    package var notifications: NotificationSpec?
    package var successfulRunsHistoryLimit: Int?
    package var failedRunsHistoryLimit: Int?
    package var ttlSecondsAfterFinished: Int?

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.object("source", &source)
        visitor.list("params", &params, atMost: 64, uniqueBy: ["name"])
        visitor.number("timeoutSeconds", &timeoutSeconds, default: Self.defaultTimeoutSeconds, in: 1...31_536_000)
        visitor.choice("desiredState", &desiredState, default: .active)
        visitor.list("stages", &stages, atMost: 64, uniqueBy: ["name"], required: true)
        visitor.list("finally", &finally, atMost: 16, uniqueBy: ["name"])
        visitor.list("triggers", &triggers, atMost: 16)
        visitor.object("concurrency", &concurrency)
        visitor.object("notifications", &notifications)
        visitor.number("successfulRunsHistoryLimit", &successfulRunsHistoryLimit, in: 0...10_000)
        visitor.number("failedRunsHistoryLimit", &failedRunsHistoryLimit, in: 0...10_000)
        visitor.number("ttlSecondsAfterFinished", &ttlSecondsAfterFinished, in: 0...315_360_000)
    }
}

/// Where a pipeline's repository is.
package struct PipelineSource: Fields, Equatable {
    package var url = ""
    /// The name of a secret that the agent resolves.
    package var credentials: String?

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("url", &url, .filled(2048))
        visitor.text("credentials", &credentials, .dnsName)
    }
}

/// A parameter that a pipeline takes. Without a default a run has to give it.
package struct ParamSpec: Fields, Equatable {
    package var name = ""
    package var description: String?
    package var `default`: String?

    package init() {}

    package init(name: String, default: String? = nil) {
        self.name = name
        self.default = `default`
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("name", &name, .word)
        visitor.text("description", &description, .any(1024))
        visitor.text("default", &`default`, .any(4096))
    }
}

/// What has been observed of a Pipeline.
package struct PipelineStatus: Fields, Equatable {
    package var observedGeneration: Int?
    package var conditions: [Condition] = []
    package var lastScheduleTime: Timestamp?
    package var outcomes: [RefOutcome] = []

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.number("observedGeneration", &observedGeneration, in: 0...Int.max)
        visitor.list("conditions", &conditions, atMost: 8, uniqueBy: ["type"])
        visitor.time("lastScheduleTime", &lastScheduleTime)
        visitor.list("outcomes", &outcomes, atMost: 64, uniqueBy: ["ref"])
    }
}

/// How the last run of a ref ended, so that `Recovered` can be told from `Succeeded`.
package struct RefOutcome: Fields, Equatable {
    package var ref = ""
    package var run = ""
    package var succeeded = Condition.Status.unknown
    /// When that run ended.
    package var time: Timestamp?

    package init() {}

    package init(ref: String, run: String, succeeded: Condition.Status, time: Timestamp?) {
        self.ref = ref
        self.run = run
        self.succeeded = succeeded
        self.time = time
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("ref", &ref, .any(255))
        visitor.text("run", &run, .dnsName)
        visitor.requiredChoice("succeeded", &succeeded)
        visitor.time("time", &time)
    }
}
