/// Names one attempt at one stage of one run: `<run UID>/<stage>/<attempt>`.
///
/// At most one result is ever accepted for a fence (the third law). The UID ends at the first slash and the attempt
/// begins after the last.
package struct Fence: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var run: String
    package var stage: String
    package var attempt: Int

    package init(run: String, stage: String, attempt: Int) {
        self.run = run
        self.stage = stage
        self.attempt = attempt
    }

    /// Reads a fence; nil when a part is missing or the attempt is not a positive number.
    package init?(_ text: String) {
        guard let first = text.firstIndex(of: "/"), let last = text.lastIndex(of: "/"), first < last,
            let attempt = Int(text[text.index(after: last)...]), attempt > 0
        else { return nil }
        let run = text[..<first]
        let stage = text[text.index(after: first)..<last]
        guard !run.isEmpty, !stage.isEmpty else { return nil }
        self.init(run: String(run), stage: String(stage), attempt: attempt)
    }

    package var description: String { "\(run)/\(stage)/\(attempt)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.run, left.stage, left.attempt) < (right.run, right.stage, right.attempt)
    }
}
