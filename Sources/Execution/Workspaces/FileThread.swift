/// A thread for calls on files that may take long: removing a large folder, waiting for a lock.
actor FileThread {
    static let shared = FileThread()

    private nonisolated let thread = EventThread()

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    private init() {
        thread.start(named: "martlet-files") { _, _ in }
    }

    func run<Result: Sendable>(_ body: @Sendable () -> Result) -> Result {
        body()
    }
}
