internal import GRDB
internal import Synchronization

/// Brings what was written from a database's write-ahead log into the database while others go on writing, on a
/// connection and a queue of its own.
///
/// A writer whose log has become long does so itself, and all who wait for it wait for the disk. What this has brought in
/// before isn't left for it. Nothing depends on it: a log that nobody brings in is as good as the database.
final class Checkpoints: Sendable {
    private struct State {
        var rows = 0
        var isUnderWay = false
    }

    /// So many rows are some 1,000 pages of 4 KB. Where fewer are written the writer has little to do itself.
    private static let interval = 256

    private let queue: DatabaseQueue
    private let state = Mutex(State())

    /// - Parameter path: Of a database that is open, and stays so until this is closed.
    init(_ path: String) throws(StateError) {
        do {
            queue = try DatabaseQueue(path: path, configuration: FolderDatabase.configuration(readonly: false))
        } catch {
            throw StateError.from(error, path)
        }
    }

    /// Notes that rows were written, and begins when it is time. Not to be called once this is closed.
    func wrote(_ rows: Int) {
        let begins = state.withLock { state in
            state.rows += rows
            guard state.rows >= Self.interval, !state.isUnderWay else { return false }
            state = State(isUnderWay: true)
            return true
        }
        guard begins else { return }
        queue.asyncWriteWithoutTransaction { [self] database in
            // Where somebody else is at it, the next one will do.
            _ = try? database.checkpoint(.passive)
            state.withLock { $0.isUnderWay = false }
        }
    }

    /// Waits for what is under way.
    func close() { try? queue.close() }
}
