internal import Reporting
internal import Stores

/// The last lines of an attempt's output, from this process's log store.
struct LogTail: OutputTail {
    let logs: FolderLogStore
    /// A chunk holds several lines, or a part of one.
    private static let chunks = 16

    func lastLines(run uid: String, stage: String, attempt: Int, count: Int) async -> [String] {
        let reader = logs.reader
        guard let texts = try? await reader.tail(run: uid, stage: stage, attempt: attempt, chunks: Self.chunks) else {
            return []
        }
        let lines = texts.joined().split(separator: "\n", omittingEmptySubsequences: true)
        return lines.suffix(count).map(String.init)
    }
}
