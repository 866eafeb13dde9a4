internal import Threads

extension NamedThread {
    /// Waits for files on a thread of its own until `body` ends.
    static func serve(_ name: String, _ body: @escaping @Sendable () -> Void) throws(StateError) {
        do throws(ThreadError) {
            try start(name, body)
        } catch {
            throw StateError(name, doing: "start a thread", code: error.code)
        }
    }
}
