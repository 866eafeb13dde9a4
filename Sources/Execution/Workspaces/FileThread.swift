/// A thread for calls on files that may take long, so that they don't occupy one of Swift's pool.
actor FileThread {
    /// For what a stage waits for.
    static let reading = FileThread(named: "martlet-files")
    /// For what nobody waits for: removing and measuring large folders.
    static let cleaning = FileThread(named: "martlet-clean")

    private nonisolated let thread = EventThread()

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    private init(named name: String) {
        thread.start(named: name) { _, _ in }
    }

    func run<Result: Sendable>(_ body: @Sendable () -> Result) -> Result {
        body()
    }
}
