/// Asks for one pass through a pipeline (`kind: PipelineRun`).
package struct PipelineRun: Equatable, Sendable {
    package static let kind = "PipelineRun"

    package var metadata: Metadata
    package var spec: PipelineRunSpec
    package var status: PipelineRunStatus

    package init(metadata: Metadata, spec: PipelineRunSpec, status: PipelineRunStatus = PipelineRunStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    /// The UID that the home gave; empty only before the home has seen the run.
    package var uid: String { metadata.uid ?? "" }
}

/// What the user asked for in a PipelineRun. All but the verbs is immutable.
package struct PipelineRunSpec: Fields, Equatable {
    package enum DesiredState: String, Choice {
        case running = "Running"
        case paused = "Paused"
        case cancelled = "Cancelled"
    }

    package var pipelineRef: PipelineReference?
    package var pipelineSpec: PipelineSpec? {
        get { sharedPipelineSpec?.value }
        set { sharedPipelineSpec = newValue.map(Shared.init) }
    }
    private var sharedPipelineSpec: Shared<PipelineSpec>?
    package var source: RunSource?
    package var params: [Param] = []
    package var priority = 0
    package var desiredState = DesiredState.running
    /// May only grow: each step runs failed, cancelled and skipped stages again, and all that need them.
    package var rerunCount = 0
    package var approvals: [ApprovalDecision] = []

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.object("pipelineRef", &pipelineRef)
        visitor.object("pipelineSpec", &pipelineSpec)
        visitor.object("source", &source)
        visitor.list("params", &params, atMost: 64, uniqueBy: ["name"])
        visitor.number("priority", &priority, default: 0, in: -1000...1000)
        visitor.choice("desiredState", &desiredState, default: .running)
        visitor.number("rerunCount", &rerunCount, default: 0, in: 0...1000)
        visitor.list("approvals", &approvals, atMost: 256, uniqueBy: ["stage", "rerun"])
    }
}

/// Names the Pipeline that a run goes through.
package struct PipelineReference: Fields, Equatable {
    package var name = ""

    package init() {}

    package init(name: String) {
        self.name = name
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("name", &name, .dnsName)
    }
}

/// What a run checks out. Without any source a stage gets an empty workspace.
package struct RunSource: Fields, Equatable {
    /// The pipeline's when absent.
    package var url: String?
    /// A commit, or anything that git resolves to one: a branch, a tag.
    package var revision: String?
    /// The full ref that the revision came from (`refs/heads/main`).
    package var ref: String?
    package var pullRequest: Int?
    /// Who may have written what is checked out. Of a fork it is anybody: such a run gets no secrets, and only agents
    /// that are labelled for it.
    package var trust = Trust.trusted

    package enum Trust: String, Choice {
        case trusted = "Trusted"
        case fork = "Fork"
    }

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("url", &url, .filled(2048))
        visitor.text("revision", &revision, .filled(255))
        visitor.text("ref", &ref, .filled(255))
        visitor.number("pullRequest", &pullRequest, in: 1...Int(Int32.max))
        visitor.choice("trust", &trust, default: .trusted)
    }
}

/// The value of a parameter.
package struct Param: Fields, Equatable {
    package var name = ""
    package var value = ""

    package init() {}

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("name", &name, .word)
        visitor.text("value", &value, .any(4096))
    }
}

/// A person's word on an approval stage.
package struct ApprovalDecision: Fields, Equatable {
    package enum Decision: String, Choice {
        case approved = "Approved"
        case rejected = "Rejected"
    }

    package var stage = ""
    /// The `rerunCount` that the decision is for, so that a rerun asks anew.
    package var rerun = 0
    package var decision = Decision.approved

    package init() {}

    package init(stage: String, rerun: Int = 0, decision: Decision) {
        self.stage = stage
        self.rerun = rerun
        self.decision = decision
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("stage", &stage, .filled(80))
        visitor.number("rerun", &rerun, default: 0, in: 0...1000)
        visitor.requiredChoice("decision", &decision)
    }
}
