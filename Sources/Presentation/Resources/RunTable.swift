package import Model
internal import Planning

/// Runs, one a line: what `martlet get runs` prints.
package struct RunTable: Sendable {
    private var table: Table

    /// The runs in the order in which they are to be shown. What they were made of has a column where any of them says
    /// so: those that people start themselves mostly don't.
    package init(_ runs: [PipelineRun], now: Timestamp, indent: Int = 0) {
        let hasRefs = runs.contains { $0.refText != nil }
        var columns = [
            Table.Column("NAME"), Table.Column("PIPELINE", overflow: .cut, minimum: 8), Table.Column("PROGRESS"),
            Table.Column("STATUS"), Table.Column("REASON", overflow: .cut, minimum: 8), Table.Column("TIME", .right),
            Table.Column("AGE", .right),
        ]
        if hasRefs { columns.insert(Table.Column("REF", overflow: .cut, minimum: 6), at: 2) }
        table = Table(columns, indent: indent)
        for run in runs {
            let phase = RunPhase(run)
            var row = [
                Line(run.metadata.name), Line(run.spec.pipelineRef?.name ?? "(inline)"),
                Line(run.status.progress ?? ""), Line(phase.word, phase.ink), Line(phase.reason),
                Line(run.elapsed(now: now) ?? ""), Line(TimeText.age(of: run.metadata.creationTimestamp, now: now)),
            ]
            if hasRefs {
                row.insert(Line(run.refText ?? "") + Line(run.isOfFork ? " (fork)" : "", .yellow), at: 2)
            }
            table.rows.append(row)
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
