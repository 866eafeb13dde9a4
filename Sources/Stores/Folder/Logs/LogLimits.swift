/// How much output is kept.
package struct LogLimits: Equatable, Sendable {
    /// Of one attempt, in bytes: beyond it the middle is left out, with a mark that says how many lines.
    package var attempt: Int
    /// Of all runs together, in bytes: beyond it the runs whose output began first lose theirs.
    package var total: Int

    package init(attempt: Int = 16 << 20, total: Int = 1 << 30) {
        self.attempt = attempt
        self.total = total
    }
}
