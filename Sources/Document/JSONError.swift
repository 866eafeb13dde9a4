/// Why a text is not the JSON that was asked for. Reading the same text again fails in the same way.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where the trouble is, in bytes from the start.
    package var offset: Int
    /// The same place as line and column.
    package var mark: Mark
    /// What is wrong, without the place: a plain sentence that begins in lower case and has no full stop.
    package var problem: String

    package init(offset: Int, mark: Mark, problem: String) {
        self.offset = offset
        self.mark = mark
        self.problem = problem
    }

    package var description: String {
        "\(mark.line):\(mark.column): \(problem)"
    }
}

/// How much JSON may be read at once. What exceeds it is an error that says so.
package struct JSONLimits: Equatable, Sendable {
    /// The size of the text in bytes.
    package var bytes: Int
    /// How many arrays and objects may be open at once; no more than 512, whatever is set.
    package let depth: Int
    /// How many values, keys not counted, a text may hold: `[0,0,0,…` takes many times its size in memory.
    package var values: Int

    package init(bytes: Int = 64 << 20, depth: Int = 128, values: Int = 4_000_000) {
        self.bytes = bytes
        self.depth = min(depth, Self.deepest)
        self.values = values
    }

    /// Trees are read, written and freed by recursion. A thread's stack (Swift's own have at least 512 KiB) bears this.
    private static let deepest = 512
}
