/// All that has been observed and decided of a run. What must survive a restart is here (the second law).
package struct PipelineRunStatus: Fields, Equatable {
    package var observedGeneration: Int?
    package var conditions: [Condition] = []
    /// The source as resolved, once, before the first assignment: every stage sees the same commit.
    package var source: ResolvedSource?
    /// The pipeline as it was when the run started, for a `pipelineRef`.
    package var pipelineSpec: PipelineSpec? {
        get { sharedPipelineSpec?.value }
        set { sharedPipelineSpec = newValue.map(Shared.init) }
    }
    private var sharedPipelineSpec: Shared<PipelineSpec>?
    /// Over the immutable part of the spec, to notice a change where no CEL rule forbids it.
    package var specHash: String?
    package var observedRerun = 0
    /// By the order of the pipeline; one writer, so an atomic list.
    package var stages: [StageStatus] = []
    package var startTime: Timestamp?
    package var completionTime: Timestamp?
    /// Stages ended of all stages, `3/4`.
    package var progress: String?
    package var notifications: [NotificationRecord] = []
    /// How the last run of the same pipeline and ref had ended when this one did; unknown where there was none. A success
    /// after a failure is a recovery.
    package var formerOutcome = Condition.Status.unknown

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.number("observedGeneration", &observedGeneration, in: 0...Int.max)
        visitor.list("conditions", &conditions, atMost: 8, uniqueBy: ["type"])
        visitor.object("source", &source)
        visitor.object("pipelineSpec", &pipelineSpec)
        visitor.text("specHash", &specHash, .filled(64))
        visitor.number("observedRerun", &observedRerun, default: 0, in: 0...1000)
        visitor.list("stages", &stages, atMost: 256, uniqueBy: ["id"])
        visitor.time("startTime", &startTime)
        visitor.time("completionTime", &completionTime)
        visitor.text("progress", &progress, .filled(16))
        visitor.list("notifications", &notifications, atMost: Self.notificationLimit)
        visitor.choice("formerOutcome", &formerOutcome, default: .unknown)
    }

    /// The stage with that id.
    package subscript(stage id: String) -> StageStatus? {
        stages.first { $0.id == id }
    }

    /// Whether the run has come to its end (a rerun can make it active again).
    package var isFinished: Bool { completionTime != nil }

    /// Takes in what has been told, one record for each target.
    package mutating func note(_ told: [NotificationRecord]) {
        for record in told where !notifications.contains(record) {
            notifications.removeAll { $0.target == record.target }
            notifications.append(record)
            if notifications.count > Self.notificationLimit { notifications.removeFirst() }
        }
    }

    private static let notificationLimit = 32

    package var succeeded: Condition? { conditions[Condition.succeeded] }
}

/// The commit that every stage of a run checks out.
package struct ResolvedSource: Fields, Equatable {
    package var url = ""
    /// A full commit id.
    package var revision = ""
    package var ref: String?

    package init() {}

    package init(url: String, revision: String, ref: String? = nil) {
        self.url = url
        self.revision = revision
        self.ref = ref
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("url", &url, .filled(2048))
        visitor.text("revision", &revision, .filled(64))
        visitor.text("ref", &ref, .filled(255))
    }
}

/// What has been told to whom, so that a restart neither loses nor repeats it.
package struct NotificationRecord: Fields, Equatable {
    package var target = ""
    package var event = ""
    package var reference: String?
    package var time: Timestamp?

    package init() {}

    package init(target: String, event: String, reference: String? = nil, time: Timestamp? = nil) {
        self.target = target
        self.event = event
        self.reference = reference
        self.time = time
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("target", &target, .filled(128))
        visitor.text("event", &event, .filled(128))
        visitor.text("reference", &reference, .any(255))
        visitor.time("time", &time)
    }
}
