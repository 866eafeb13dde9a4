package import Model

/// Runs, one a line: what `martlet get runs` prints.
package struct RunTable: Sendable {
    private var table = Table([
        Table.Column("NAME"), Table.Column("PIPELINE", overflow: .cut, minimum: 8), Table.Column("PROGRESS"),
        Table.Column("STATUS"),
        Table.Column("REASON", overflow: .cut, minimum: 8), Table.Column("TIME", .right),
        Table.Column("AGE", .right),
    ])

    /// The runs in the order in which they are to be shown.
    package init(_ runs: [PipelineRun], now: Timestamp, indent: Int = 0) {
        table.indent = indent
        for run in runs {
            let phase = RunPhase(run)
            table.rows.append([
                Line(run.metadata.name), Line(run.spec.pipelineRef?.name ?? "(inline)"),
                Line(run.status.progress ?? ""), Line(phase.word, phase.ink), Line(phase.reason),
                Line(run.elapsed(now: now) ?? ""), Line(TimeText.age(of: run.metadata.creationTimestamp, now: now)),
            ])
        }
    }

    package func lines(width: Int?) -> [Line] { table.lines(width: width) }
}

extension [PipelineRun] {
    /// Newest first; among those made at one moment by name.
    package var newestFirst: [PipelineRun] {
        sorted { left, right in
            let first = left.metadata.creationTimestamp ?? Timestamp(microseconds: 0)
            let second = right.metadata.creationTimestamp ?? Timestamp(microseconds: 0)
            return first == second ? left.metadata.name < right.metadata.name : first > second
        }
    }
}
