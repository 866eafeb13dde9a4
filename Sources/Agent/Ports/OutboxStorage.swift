package import AgentProtocol

/// Where `finished` reports outlive the process until the broker has them.
package protocol OutboxStorage: Sendable {
    /// What a former process left, the oldest first. Asked for once, before anything else.
    func load() throws -> [(number: Int, report: AgentReport)]

    /// Keeps a report. Returns at once and never fails the caller: a report that can't be written is sent all the same.
    func keep(_ report: AgentReport, number: Int)

    /// The broker has the report.
    func drop(_ number: Int)

    /// Writes what is still to be written. Blocks.
    func close()
}
