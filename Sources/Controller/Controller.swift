internal import AgentProtocol
package import Model
package import Planning

/// The leading controller: gives the machine what comes in and does what it says.
///
/// Everything that waits (writes, look-ups, resolving) runs in child tasks of `run`, so that the loop never does.
package final class Controller: Sendable {
    private let mailbox: Mailbox
    private let store: any ResourceStore
    private let channel: any AgentChannel
    private let resolver: any SourceResolver
    private let observers: [any ControllerObserver]
    private let configuration: ControllerConfiguration
    private let recorder: (any StepRecorder)?
    private let mayAct: @Sendable () -> Bool
    private let writer: Writer
    private let deleter: Deleter
    private let sweeper: LogSweeper?
    private let questions = MachineQuestions()
    private let patcher: Patcher
    private let serveChannel: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - mailbox: where the channel puts what it delivers.
    ///   - logs: where the output of runs that are gone is forgotten.
    ///   - recorder: is given every step before its actions are performed.
    ///   - mayAct: whether this process still leads; asked just before each write and each message. The folder's lock
    ///     can't be lost, a Lease can.
    ///   - serveChannel: begun once everything has been listed; runs until it is cancelled.
    package init(
        mailbox: Mailbox, store: any ResourceStore, channel: any AgentChannel, resolver: any SourceResolver,
        logs: (any LogStore)? = nil, observers: [any ControllerObserver] = [],
        configuration: ControllerConfiguration = ControllerConfiguration(), recorder: (any StepRecorder)? = nil,
        mayAct: @escaping @Sendable () -> Bool = { true },
        serveChannel: @escaping @Sendable () async throws -> Void
    ) {
        self.mailbox = mailbox
        self.store = store
        self.channel = channel
        self.resolver = resolver
        self.observers = observers
        self.configuration = configuration
        self.recorder = recorder
        self.mayAct = mayAct
        writer = Writer(store: store, mailbox: mailbox, mayAct: mayAct)
        deleter = Deleter(store: store, mailbox: mailbox, mayAct: mayAct)
        sweeper = logs.map(LogSweeper.init)
        patcher = Patcher(store: store, mayAct: mayAct) { problem in
            for observer in observers { observer.warned(ControllerWarning(problem)) }
        }
        self.serveChannel = serveChannel
    }

    /// Reconciles until the task is cancelled. To be called once.
    ///
    /// - Throws: `LeadershipLost` as soon as something was to be written or said that this process may not any more.
    package func run() async throws {
        let mailbox = mailbox
        let store = store
        let sweeper = sweeper
        let observers = observers
        let serveChannel = serveChannel
        let listed = Latch()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await store.follow { event in
                    sweeper?.observe(event)
                    for observer in observers { observer.followed(event) }
                    mailbox.put(.store(event))
                    if case .listed = event { listed.open() }
                    if case .run(let run) = event, run.status.observedGeneration == nil { self.writer.noteArrival() }
                }
            }
            group.addTask {
                await listed.wait()
                try Task.checkCancellation()
                try await serveChannel()
            }
            group.addTask { try await self.writer.run() }
            group.addTask { try await self.deleter.run() }
            group.addTask { await self.patcher.run() }
            if let sweeper { group.addTask { await sweeper.run() } }
            group.addTask { try await self.loop() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func loop() async throws {
        var machine = ControllerMachine(configuration: configuration)
        recorder?.begin(configuration)
        try await withThrowingDiscardingTaskGroup { group in
            var timer: (at: Int64, task: Task<Void, Never>)?
            defer {
                timer?.task.cancel()
                writer.finish()
                group.cancelAll()
            }
            questions.begin()
            defer { questions.finish() }
            for await _ in mailbox.signals {
                let (inputs, since) = mailbox.takeAll()
                let now = Moment.now
                let actions = machine.step(inputs, at: now)
                recorder?.record(JournalStep(at: now, inputs: inputs, actions: actions))
                try perform(actions, in: &group)
                questions.answer(from: machine, at: now)
                if let next = machine.nextWake, timer.map({ next < $0.at || $0.at <= Moment.now.uptime }) ?? true {
                    timer?.task.cancel()
                    timer = (next, wakeUp(at: next))
                }
                guard !observers.isEmpty, !inputs.isEmpty else { continue }
                let figures = StepFigures(
                    inputs: inputs.count, waited: since.map { max(0, now.uptime - $0) } ?? 0,
                    took: Moment.now.uptime - now.uptime, retries: inputs.count { $0.isFailedWrite })
                for observer in observers { observer.stepped(figures) }
            }
            try Task.checkCancellation()
        }
    }

    // A plain task, ended by the loop that owns it: a child task could not be cancelled by itself.
    private func wakeUp(at uptime: Int64) -> Task<Void, Never> {
        let mailbox = mailbox
        return Task {
            let wait = max(0, uptime - Moment.now.uptime)
            do {
                try await Task.sleep(for: .microseconds(wait))
                mailbox.put(.woke)
            } catch {}
        }
    }

    private func perform(
        _ actions: [ControllerAction], in group: inout ThrowingDiscardingTaskGroup<any Error>
    ) throws(LeadershipLost) {
        var writes: [StatusWrite] = []
        var deletions: [RunReference] = []
        for action in actions {
            switch action {
            case .write(let write): writes.append(write)
            case .delete(let run): deletions.append(run)
            case .publish(let message, let inbox):
                try requireLead()
                publish(message, to: inbox)
            case .reportToAll:
                try requireLead()
                channel.publishReportToAll()
            case .commit(let positions):
                try requireLead()
                channel.commit(positions)
            case .catchUp(let token): channel.catchUp(token: token)
            case .resolve(let uid, let request):
                if let source = resolver.known(request) {
                    mailbox.put(.sourceResolved(uid: uid, .success(source)))
                    continue
                }
                let (resolver, mailbox) = (resolver, mailbox)
                group.addTask {
                    let result: Result<ResolvedSource, SourceError>
                    do throws(SourceError) {
                        result = .success(try await resolver.resolve(request))
                    } catch {
                        result = .failure(error)
                    }
                    mailbox.put(.sourceResolved(uid: uid, result))
                }
            case .lookUp(let uid):
                let (store, mailbox) = (store, mailbox)
                group.addTask {
                    let answer: LookUp
                    do {
                        answer = try await store.run(uid: uid).map { .found($0) } ?? .absent
                    } catch {
                        answer = .failed("\(error)")
                        try? await Task.sleep(for: .seconds(1))
                    }
                    mailbox.put(.looked(uid: uid, answer))
                }
            case .observed(let run, let happenings, let isStored):
                for observer in observers { observer.observed(run, happenings: happenings, isStored: isStored) }
            case .unplaced(let stages):
                for observer in observers { observer.unplaced(stages) }
            case .passedOver(let instances):
                for observer in observers { observer.passedOver(instances) }
            case .warn(let warning):
                for observer in observers { observer.warned(warning) }
            case .expectTraffic(let expected): channel.expectTraffic(expected)
            case .patch(let patch): patcher.put(patch)
            case .annotated(let fence, of: let run, let annotations):
                for observer in observers { observer.annotated(fence, of: run, annotations) }
            case .stale(let report):
                for observer in observers { observer.droppedStale(report) }
            }
        }
        if !writes.isEmpty { writer.put(writes) }
        if !deletions.isEmpty { deleter.put(deletions) }
    }

    /// How things stand now; nil while this controller doesn't run.
    package func readGauges() async -> ControllerGauges? {
        let mailbox = mailbox
        return await questions.ask { machine, now in
            machine.gauges(waiting: mailbox.count, at: now)
        } signal: {
            mailbox.signalLook()
        }
    }

    /// Why a run stands where it does, agent by agent; nil while this controller doesn't run, or for a run that it
    /// doesn't know.
    package func explain(_ uid: String) async -> RunExplanation? {
        await questions.ask { machine, now in
            machine.explanation(of: uid, at: now)
        } signal: {
            mailbox.signalLook()
        } ?? nil
    }

    /// Notes that somebody has been told of a run, to be stored with it.
    package func note(_ record: NotificationRecord, of uid: String) {
        mailbox.put(.told(uid: uid, record))
    }

    private func requireLead() throws(LeadershipLost) {
        guard mayAct() else { throw LeadershipLost() }
    }

    private func publish(_ message: ControllerMessage, to inbox: Inbox) {
        let mailbox = mailbox
        channel.publish(message, to: inbox) { delivered in
            guard case .assign(let assignment) = message else { return }
            mailbox.put(.published(fence: assignment.fence, digest: assignment.digest, delivered: delivered))
        }
    }
}

extension ControllerInput {
    /// Whether it says that a write has to be made again.
    fileprivate var isFailedWrite: Bool {
        switch self {
        case .wrote(_, .failed), .wrote(_, .conflict): true
        default: false
        }
    }
}
