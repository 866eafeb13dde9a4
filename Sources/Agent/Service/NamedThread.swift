internal import Glibc

/// Runs code that blocks on a thread of its own, which a debugger shows by name.
enum NamedThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ name: String, _ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        // The new thread takes over this reference.
        let body = Unmanaged.passRetained(
            Body {
                show(name)
                run()
            }
        ).toOpaque()
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                // The reference made above, consumed once.
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body)
        precondition(result == 0, "cannot start a thread: error \(result)")
        pthread_detach(thread)
    }

    /// What `pthread_setname_np` does, which Swift's module of the C library leaves out. Linux takes fifteen bytes.
    private static func show(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
        close(file)
    }
}
