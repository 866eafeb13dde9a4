package import Model
internal import Planning

/// Pipelines, one a line: what `martlet get pipelines` prints.
package struct PipelineTable: Sendable {
    private var table = Table([
        Table.Column("NAME"), Table.Column("STAGES", .right), Table.Column("READY"),
        Table.Column("LAST RUN", overflow: .cut), Table.Column("STATUS"), Table.Column("AGE", .right),
    ])

    /// - Parameter runs: All runs, to find each pipeline's last.
    package init(_ pipelines: [Pipeline], runs: [PipelineRun], now: Timestamp) {
        let newest = runs.newestFirst
        for pipeline in pipelines {
            let last = newest.first {
                $0.spec.pipelineRef?.name == pipeline.metadata.name
                    && $0.metadata.namespace == pipeline.metadata.namespace
            }
            let phase = last.map { RunPhase($0) }
            let readiness = PipelineReadiness(pipeline)
            table.rows.append([
                Line(pipeline.metadata.name), Line(Self.stageCount(pipeline.spec)), Line(readiness.word, readiness.ink),
                Line(last?.metadata.name ?? ""), Line(phase?.word ?? "", phase?.ink ?? .plain),
                Line(TimeText.age(of: last?.metadata.creationTimestamp, now: now)),
            ])
        }
    }

    package func lines(width: Int?) -> [Line] { table.lines(width: width) }

    /// With matrices expanded, where that is possible.
    private static func stageCount(_ spec: PipelineSpec) -> String {
        if let graph = try? StageGraph(spec) { return "\(graph.stages.count)" }
        return "\(spec.stages.count + spec.finally.count)"
    }
}
