internal import CSupervisor
internal import Glibc
internal import Synchronization
internal import Threads

/// A named thread that runs the jobs of one actor and, between them, waits for descriptors.
///
/// It gives that actor calls that may take a moment (a fork, a read of a pipe) without occupying a thread of Swift's
/// pool, which has one a core.
final class EventThread: SerialExecutor, Sendable {
    /// What a descriptor is ready for, as epoll says it, and the token it was added with.
    typealias Handler = @Sendable (_ token: UInt64, _ events: UInt32) -> Void

    private let poll: OpenDescriptor
    private let wake: OpenDescriptor
    private let jobs = Mutex<[UnownedJob]>([])
    private let identity = Atomic<UInt>(0)

    /// Fails only where the process can open no descriptor at all; then nothing else here could work either.
    init() {
        let poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        let wake = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(poll >= 0 && wake >= 0, "cannot make an epoll and an event descriptor: \(SystemError("epoll"))")
        self.poll = OpenDescriptor(poll)
        self.wake = OpenDescriptor(wake)
    }

    // MARK: The thread

    /// Starts the thread, which runs until the process ends.
    func start(named name: String, handler: @escaping Handler) {
        watch(wake.number, token: 0, events: EPOLLIN.rawValue)
        // It starts processes, which inherit what it takes.
        NamedThread.startOrTrap(name, takesSignals: true) { [self] in run(handler) }
    }

    private func run(_ handler: Handler) -> Never {
        identity.store(UInt(pthread_self()), ordering: .relaxed)
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = epoll_wait(poll.number, &events, 64, -1)
            for event in events.prefix(Int(max(0, count))) {
                if event.data.u64 == 0 {
                    var number: eventfd_t = 0
                    eventfd_read(wake.number, &number)
                } else {
                    handler(event.data.u64, event.events)
                }
            }
            runJobs()
        }
    }

    // MARK: Jobs

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = jobs.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        if isFirst { eventfd_write(wake.number, 1) }
    }

    private func runJobs() {
        let ready = jobs.withLock { jobs in
            defer { jobs.removeAll() }
            return jobs
        }
        for job in ready { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "not on the event thread")
    }

    func isIsolatingCurrentContext() -> Bool? {
        identity.load(ordering: .relaxed) == UInt(pthread_self())
    }

    // MARK: Descriptors

    /// Reports the descriptor's events with the token, a number that is never used again.
    func watch(_ descriptor: Int32, token: UInt64, events: UInt32) {
        var event = epoll_event()
        event.events = events
        event.data.u64 = token
        let result = epoll_ctl(poll.number, EPOLL_CTL_ADD, descriptor, &event)
        precondition(result == 0 || errno == ENOMEM || errno == ENOSPC, "\(SystemError("epoll_ctl"))")
    }

    /// Reports the next event of a descriptor that is watched once at a time.
    func watchAgain(_ descriptor: Int32, token: UInt64) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLONESHOT.rawValue
        event.data.u64 = token
        epoll_ctl(poll.number, EPOLL_CTL_MOD, descriptor, &event)
    }

    func forget(_ descriptor: Int32) {
        epoll_ctl(poll.number, EPOLL_CTL_DEL, descriptor, nil)
    }
}
