internal import Execution
internal import UnixSignals

/// What to do when the user or the system asks the process to end: gently the first time, at once the second.
struct Signals {
    /// Calls `first` at SIGINT or SIGTERM, and `second` at the next one, also while `first` is still at it. Returns when
    /// the task is cancelled and `first` has ended.
    static func watch(
        first: @escaping @Sendable () async -> Void, second: @escaping @Sendable () async -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            var count = 0
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                count += 1
                if count == 1 { group.addTask { await first() } } else { await second() }
            }
            group.cancelAll()
        }
    }
}

/// Keeps scripts from reading this process's memory and variables, as far as the platform goes.
func hideMemory() {
    do throws(SystemError) {
        try AgentProcess.hide()
    } catch {
        Console.error("martlet: stages may be able to read this process's memory: \(error)")
    }
}
