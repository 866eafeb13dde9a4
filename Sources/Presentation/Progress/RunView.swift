package import Model
package import Planning

/// A run as it is shown: what is stored of it, the stages' titles, and the last line each has printed.
package struct RunView: Equatable, Sendable {
    package var run: PipelineRun
    /// By stage id; looked up only.
    package var lastLines: [String: String]
    /// In the pipeline's order; where the run has not started, what it will go through.
    package private(set) var stages: [StageView]

    /// - Parameter graph: The run's stages, where they have been compiled already; else they are from its spec.
    package init(_ run: PipelineRun, graph: StageGraph? = nil, lastLines: [String: String] = [:]) {
        self.run = run
        self.lastLines = lastLines
        let graph = graph ?? Self.graph(of: run)
        let known = graph?.stages.map { StageView(id: $0.id, name: $0.name, title: $0.title) } ?? []
        if run.status.stages.isEmpty {
            stages = run.status.isFinished ? [] : known
        } else {
            stages = run.status.stages.enumerated().map { place, status in
                var view = known.indices.contains(place) && known[place].id == status.id ? known[place] : nil
                view = view ?? known.first { $0.id == status.id }
                var stage = view ?? StageView(id: status.id, name: Self.name(of: status.id), title: status.id)
                stage.status = status
                return stage
            }
        }
        for place in stages.indices { stages[place].lastLine = lastLines[stages[place].id] }
    }

    package var name: String { run.metadata.name }

    /// The pipeline's name; nothing for an inline one.
    package var pipeline: String? { run.spec.pipelineRef?.name }

    package var ended: Int { stages.count { $0.status.state.isFinal } }

    /// `2/4`.
    package var progress: String {
        stages.isEmpty ? run.status.progress ?? "" : "\(ended)/\(stages.count)"
    }

    /// From its start to its end, or until now; nil before its start.
    package func elapsed(now: Timestamp) -> String? { run.elapsed(now: now) }

    /// What the pipeline's own description of it makes of the run; a pipeline that can't be compiled has only ids.
    private static func graph(of run: PipelineRun) -> StageGraph? {
        guard let spec = run.status.pipelineSpec ?? run.spec.pipelineSpec else { return nil }
        return try? StageGraph(spec)
    }

    /// `test` of `test.3`.
    private static func name(of id: String) -> String {
        guard let dot = id.lastIndex(of: "."), Int(id[id.index(after: dot)...]) != nil else { return id }
        return String(id[..<dot])
    }
}

extension PipelineRun {
    /// The time that it has taken, or took; nil before its start.
    func elapsed(now: Timestamp) -> String? {
        status.startTime.map { TimeText.duration(microseconds: (status.completionTime ?? now).since($0)) }
    }
}

/// A stage, or one combination of a matrix, as it is shown.
package struct StageView: Equatable, Sendable {
    package let id: String
    /// The stage's name in the spec, which all combinations of a matrix share.
    package let name: String
    /// `test[python=3.12]`.
    package let title: String
    package var status: StageStatus
    package var lastLine: String?

    package init(id: String, name: String, title: String, status: StageStatus? = nil, lastLine: String? = nil) {
        self.id = id
        self.name = name
        self.title = title
        self.status = status ?? StageStatus(id: id)
        self.lastLine = lastLine
    }

    /// The time its present attempt has taken, or took; nil where none has started.
    package func elapsed(now: Timestamp) -> String? {
        guard let start = status.startTime, status.state.isFinal || status.state == .running else { return nil }
        return TimeText.duration(microseconds: (status.completionTime ?? now).since(start))
    }

    /// `image=… tests=14`, without a digest that stands in an image's name already.
    package var results: String {
        status.results.filter { result in !status.results.contains { $0.value.hasSuffix("@\(result.value)") } }
            .map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }

    /// What is worth saying about it besides its state: why it waits, failed or was skipped, or what it made.
    package var detail: String {
        switch status.state {
        case .succeeded: [status.message ?? "", results].filter { !$0.isEmpty }.joined(separator: " · ")
        case .assigned: status.message ?? status.agent.map { "handed to \($0)" } ?? ""
        case .running: status.message ?? ""
        case .pending: ""
        case .waiting, .queued, .failed, .skipped, .cancelled: status.message ?? status.reason ?? ""
        }
    }

    /// Whether a person has to do something before it goes on.
    var wantsPerson: Bool { status.state == .waiting && status.reason == Reason.approvalPending }

    var glyph: TextSpan {
        switch status.state {
        case .succeeded: TextSpan("✓", .green)
        case .failed: TextSpan("✗", .red)
        case .running, .assigned: TextSpan("▸", .cyan)
        case .skipped, .cancelled: TextSpan("⊘", .dim)
        case .waiting where wantsPerson: TextSpan("?", .yellow)
        case .pending, .waiting, .queued: TextSpan("·", .dim)
        }
    }

    package var ink: Ink {
        switch status.state {
        case .succeeded: .green
        case .failed: .red
        case .running, .assigned: .cyan
        case .waiting where wantsPerson: .yellow
        case .skipped, .cancelled, .pending, .waiting, .queued: .dim
        }
    }
}
