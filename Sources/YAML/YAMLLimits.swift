/// How much YAML may be read at once. What exceeds it is a problem that names the place and ends the reading.
package struct YAMLLimits: Equatable, Sendable {
    /// The size of a text in bytes.
    package var bytes: Int
    /// How deep sequences and mappings may be nested, aliases expanded; no more than 512, whatever is set.
    package let depth: Int
    /// How many values all documents together may hold, aliases expanded: a few lines of aliases to aliases stand for
    /// billions of values.
    package var nodes: Int
    /// How many documents a text may hold, empty ones included.
    package var documents: Int
    /// The size of a single scalar in bytes.
    package var scalarBytes: Int

    package init(
        bytes: Int = 4 << 20, depth: Int = 64, nodes: Int = 100_000, documents: Int = 1_000, scalarBytes: Int = 1 << 20
    ) {
        self.bytes = bytes
        // Trees are compared, written and freed by recursion. A thread's stack bears this depth.
        self.depth = min(depth, 512)
        self.nodes = nodes
        self.documents = documents
        self.scalarBytes = scalarBytes
    }

    /// Far above what manifests hold.
    package static let manifests = YAMLLimits()
}
