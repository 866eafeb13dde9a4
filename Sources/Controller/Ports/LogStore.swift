package import AgentProtocol

/// Keeps agents' output.
package protocol LogStore: Sendable {
    /// Keeps chunks; a chunk that is there already (same fence, instance and number) is left as it is.
    func append(_ chunks: [LogChunk]) async

    /// The UIDs of the runs that there is output of; none where that can't be read.
    func runs() async -> [String]

    /// Forgets the output of runs.
    func remove(runs uids: [String]) async
}
