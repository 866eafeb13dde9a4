internal import Glibc
internal import Synchronization
internal import Threads

/// A word between processes that use one state folder: "look, something is new".
package enum StateSignal: String, CaseIterable, Sendable {
    /// To the controller: a command has changed what is wanted.
    case wake
    /// From the controller: a status, a run or a pipeline has changed.
    case changed
    /// From the controller: there is more output.
    case logged
    /// The embedded broker's address is another, or gone.
    case broker = "broker.json"
}

/// Tells when another process (or this one) raises a signal, through inotify.
package final class StateSignals: Sendable {
    private typealias Subscribers = Mutex<[Int: (signal: StateSignal, continuation: AsyncStream<Void>.Continuation)]>

    /// Shared with the thread, which mustn't keep the signals themselves alive.
    private final class Shared: Sendable {
        let subscribers = Subscribers([:])
        let nextID = Atomic<Int>(0)
    }

    private let shared = Shared()
    private let queue: Inotify

    /// - Throws: `StateError` when the system has no room for another watch.
    package init(_ folder: StateFolder) throws(StateError) {
        queue = try Inotify()
        let mask = IN_ATTRIB | IN_CREATE | IN_MOVED_TO | IN_DELETE
        try queue.watch(folder.path, UInt32(mask))
        try NamedThread.serve("martlet-signals") { [queue, shared] in
            while let events = queue.next() {
                for event in events {
                    if event.lostEvents {
                        for signal in StateSignal.allCases { Self.yield(signal, shared) }
                    } else if let signal = StateSignal(rawValue: event.name) {
                        Self.yield(signal, shared)
                    }
                }
            }
            for entry in shared.subscribers.withLock({ $0.values.map(\.continuation) }) { entry.finish() }
        }
    }

    deinit {
        queue.stop()
    }

    /// Ends every stream.
    package func close() {
        queue.stop()
    }

    private static func yield(_ signal: StateSignal, _ shared: Shared) {
        // Yielding wakes a task but never runs it here, so that it may happen under the lock.
        shared.subscribers.withLock { entries in
            for entry in entries.values where entry.signal == signal { entry.continuation.yield() }
        }
    }

    /// A tick at once, and one after each time the signal was raised; ticks that nobody has taken yet count as one.
    package func stream(of signal: StateSignal) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = shared.nextID.add(1, ordering: .relaxed).newValue
        shared.subscribers.withLock { $0[id] = (signal, continuation) }
        continuation.onTermination = { [weak shared] _ in
            // Another thread may hold the lock while it yields, never while it waits for this one.
            _ = shared?.subscribers.withLock { $0.removeValue(forKey: id) }
        }
        continuation.yield()
        return stream
    }
}

/// Raises one signal, as often as wanted, at the cost of one system call.
final class SignalBell: Sendable {
    private let descriptor: Int32

    /// - Throws: `StateError` when the signal's file can't be made.
    init(_ signal: StateSignal, in folder: StateFolder) throws(StateError) {
        let path = folder.path + "/" + signal.rawValue
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StateError(path, doing: "open") }
    }

    deinit {
        close(descriptor)
    }

    func ring() {
        // Setting a file's times is an event for whoever watches, and leaves nothing behind.
        futimens(descriptor, nil)
    }
}
