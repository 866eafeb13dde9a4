/// The last lines that an attempt at a stage has written, for messages about failures.
package protocol OutputTail: Sendable {
    /// At most `count` lines, the last one last; none where they aren't known. It doesn't take long.
    func lastLines(run uid: String, stage: String, attempt: Int, count: Int) async -> [String]
}

/// Where no output is kept.
package struct NoOutputTail: OutputTail {
    package init() {}

    package func lastLines(run uid: String, stage: String, attempt: Int, count: Int) async -> [String] { [] }
}
