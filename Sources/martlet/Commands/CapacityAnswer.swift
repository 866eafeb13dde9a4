internal import Document
internal import Model
internal import Simulation

/// What a question of capacity comes to, for people and for programs.
struct CapacityAnswer {
    let plan: CapacityPlan
    let report: CapacityReport

    var text: String {
        let total = report.succeeded + report.failed
        var text = "\(total) runs of \(plan.name)"
        text += plan.runsPerHour.map { ", \(Self.short($0)) an hour" } ?? ", all at once"
        text += ": done in \(Self.time(report.makespan)), \(Self.short(report.runsPerHour)) runs/h"
        text += report.failed > 0 ? ", \(report.failed) failed\n" : "\n"
        text += "a run takes \(Self.time(report.run.p50)), nineteen of twenty at most \(Self.time(report.run.p95))\n\n"
        let rows =
            [["KIND", "AGENTS", "SLOTS", "STAGES", "QUEUED P50", "QUEUED P95", "BUSY"]]
            + report.kinds.map {
                [
                    $0.kind, "\($0.agents)", "\($0.slots)", "\($0.attempts)", Self.time($0.wait.p50),
                    Self.time($0.wait.p95), "\(Int(($0.utilisation * 100).rounded())) %",
                ]
            }
        text += Self.aligned(rows)
        if let narrow = report.bottleneck {
            text += "\n\(narrow.kind) is the narrow place: its slots are busy "
            text += "\(Int((narrow.utilisation * 100).rounded())) % of the time\n"
        }
        if !plan.unnamed.isEmpty {
            text += "\nassumed \(CapacityPlan.defaultSeconds) s for \(plan.unnamed.joined(separator: ", "))"
            text += "; say otherwise with --duration\n"
        }
        for failure in report.failures { text += "failed: \(failure.shown(300))\n" }
        return text
    }

    /// Words to the left, numbers to the right.
    private static func aligned(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + padding : padding + cell
            }
            return cells.joined(separator: "  ") + "\n"
        }.joined()
    }

    /// `3 h 20 min`, `4 min 5 s`, `2.5 s`.
    private static func time(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        if whole >= 3600 { return "\(whole / 3600) h \(whole / 60 % 60) min" }
        if whole >= 60 { return "\(whole / 60) min \(whole % 60) s" }
        return "\((seconds * 10).rounded() / 10) s"
    }

    private static func short(_ number: Double) -> String {
        let tenths = (number * 10).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
    }

    var json: String {
        func number(_ key: String, _ number: Double) -> Node.Member {
            Node.Member(key: key, value: Node(.double((number * 1000).rounded() / 1000)))
        }
        func count(_ key: String, _ number: Int) -> Node.Member {
            Node.Member(key: key, value: Node(.int(Int64(number))))
        }
        let kinds = report.kinds.map { kind in
            Node(
                .object([
                    Node.Member(key: "kind", value: Node(.string(kind.kind))), count("agents", kind.agents),
                    count("slots", kind.slots), count("attempts", kind.attempts),
                    number("queuedSecondsP50", kind.wait.p50), number("queuedSecondsP95", kind.wait.p95),
                    number("utilisation", kind.utilisation),
                ]))
        }
        return Node(
            .object([
                Node.Member(key: "pipeline", value: Node(.string(plan.name))), count("succeeded", report.succeeded),
                count("failed", report.failed), number("makespanSeconds", report.makespan),
                number("runsPerHour", report.runsPerHour), number("runSecondsP50", report.run.p50),
                number("runSecondsP95", report.run.p95), Node.Member(key: "kinds", value: Node(.array(kinds))),
            ])
        ).prettyJSON() + "\n"
    }
}
