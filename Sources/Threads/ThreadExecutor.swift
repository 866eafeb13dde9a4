internal import Synchronization

/// Runs tasks on a thread of its own, beside Swift's cooperative pool: for what has to be answered soon though the pool
/// is busy with something long.
///
/// `withTaskExecutorPreference` and `Task(executorPreference:)` take it; child tasks follow. What it runs must not block.
/// Its thread lasts until `stop`.
package final class ThreadExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let pipe = WakePipe()

    /// - Throws: `ThreadError` where the system gives no further thread.
    package init(_ name: String) throws(ThreadError) {
        try NamedThread.start(name) { [self] in work() }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustWake = state.withLock { state in
            state.jobs.append(job)
            return state.jobs.count == 1
        }
        if mustWake { pipe.wake() }
    }

    /// Ends the thread once it has nothing to do. To be called when no task prefers it any more.
    package func stop() {
        state.withLock { $0.isStopped = true }
        pipe.wake()
    }

    private func work() {
        while true {
            pipe.wait()
            while true {
                let (jobs, isStopped) = state.withLock { state in
                    defer { state.jobs = [] }
                    return (state.jobs, state.isStopped)
                }
                for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
                if jobs.isEmpty {
                    if isStopped { return }
                    break
                }
            }
        }
    }
}
