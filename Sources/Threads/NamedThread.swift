internal import Glibc

/// A POSIX thread with a name that shows in `top -H` and debuggers, for calls that block.
///
/// Swift's cooperative pool has one thread a core, so nothing that waits in a system call runs there.
package enum NamedThread {
    private final class Start: Sendable {
        let name: String
        let takesSignals: Bool
        let body: @Sendable () -> Void

        init(name: String, takesSignals: Bool, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.takesSignals = takesSignals
            self.body = body
        }
    }

    /// Starts a thread that ends when `body` does. Linux shows the first 15 bytes of the name.
    ///
    /// - Parameter takesSignals: Whether the process's signals may interrupt it; what it starts inherits that.
    /// - Throws: `ThreadError` where the system gives no further thread.
    package static func start(
        _ name: String, takesSignals: Bool = false, _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) {
        // Retained by hand because C carries it over to the new thread, which takes it back.
        let start = Unmanaged.passRetained(Start(name: name, takesSignals: takesSignals, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                // Balances the retain of the thread that started this one.
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                NamedThread.show(start.name)
                if !start.takesSignals {
                    var all = sigset_t()
                    sigfillset(&all)
                    pthread_sigmask(SIG_BLOCK, &all, nil)
                }
                start.body()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw ThreadError(code: status)
        }
        pthread_detach(thread)
    }

    /// Starts a thread that the process can't do without: it ends where the system gives none.
    package static func startOrTrap(
        _ name: String, takesSignals: Bool = false, _ body: @escaping @Sendable () -> Void
    ) {
        do throws(ThreadError) {
            try start(name, takesSignals: takesSignals, body)
        } catch {
            preconditionFailure("\(name): \(error)")
        }
    }

    /// Names the calling thread in the way that needs no function of GNU's own. Only people who look depend on it.
    private static func show(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
        close(file)
    }
}
