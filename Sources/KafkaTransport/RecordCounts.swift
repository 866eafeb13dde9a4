/// What became of records that are no messages for this process, since its start.
package struct RecordCounts: Equatable, Sendable {
    /// Other installations'.
    package var foreign = 0
    /// By reason, in a fixed order, without those that never occurred.
    package var faults: [(reason: String, count: Int)] {
        Fault.Reason.allCases.compactMap { reason in byReason[reason].map { (reason.rawValue, $0) } }
    }
    /// Faulty ones all together.
    package var faulty = 0
    /// Of these, the ones that are on a `.dead` topic.
    package var setAside = 0
    /// Of these, the ones that aren't: too many came at once, or the topic couldn't be written to.
    package var leftOut = 0

    var byReason: [Fault.Reason: Int] = [:]
}
