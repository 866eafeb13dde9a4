package import AgentProtocol

/// Keeps agents' output.
package protocol LogStore: Sendable {
    /// Keeps chunks; a chunk that is there already (same fence, instance and number) is left as it is.
    func append(_ chunks: [LogChunk]) async
}
