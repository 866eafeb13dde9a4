internal import Glibc

/// A POSIX thread with a name that shows in `top -H`, for waiting in system calls.
enum FileThread {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread that ends when `body` does. Linux shows the first 15 bytes of the name.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(StateError) {
        // Retained by hand because C carries it over to the new thread, which takes it back.
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                // Balances the retain of the thread that started this one.
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                Self.name(start.name)
                // Signals are for the process's own threads, not for one that sits in a blocking call.
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_BLOCK, &all, nil)
                start.body()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw StateError(name, doing: "start a thread", code: status)
        }
        pthread_detach(thread)
    }

    /// Names the calling thread the way that needs no function of GNU's own. Only people who look depend on it.
    private static func name(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
        close(file)
    }
}
