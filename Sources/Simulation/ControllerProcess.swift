internal import AgentProtocol
internal import Controller
internal import Model

/// A controller: the real machine in a shell that contends for the lease, and checks it before everything it sends.
final class ControllerProcess: SimulatedProcess {
    private(set) var leadership = Leadership(identity: "")
    private(set) var machine: ControllerMachine?
    private(set) var feed: SimulatedStore.Feed?
    private var inputs: [ControllerInput] = []
    private var isStepDue = false
    /// The uptime for which the next step is planned.
    private var timer: Int64?
    private var isListed = false
    private var waiting: [StatusWrite] = []
    private var isSending = false
    var channel: ControllerLink?
    /// The agents of which it has been told that they are to take nothing more.
    private(set) var drained: [String] = []

    var isLeading: Bool { machine != nil }
    var mayAct: Bool { isAlive && leadership.mayAct(at: uptime) }
    var identity: String { leadership.identity }
    var accounts: Accounts? { machine?.accounts }

    // MARK: Life

    func start() {
        guard !isAlive else { return }
        begin()
        leadership = Leadership(identity: "\(name).\(life)")
        world.note("\(leadership.identity) starts")
        contend()
    }

    /// Dies, or ends itself, and begins anew some time later.
    func stop(_ reason: String, restartAfter delay: Int64) {
        guard isAlive else { return }
        world.note("\(leadership.identity) \(reason)")
        end()
        if let feed { world.store.unfollow(feed) }
        feed = nil
        machine = nil
        channel = nil
        inputs = []
        isStepDue = false
        timer = nil
        isListed = false
        drained = []
        waiting = []
        isSending = false
        world.judge.controllerEnded(self)
        world.after(delay) { self.start() }
    }

    private func lostLead() {
        guard isAlive else { return }
        stop("no longer leads and exits", restartAfter: world.dice.between(milliseconds(200), seconds(5)))
    }

    /// Whether the machine, and not only its mailbox, knows that an agent is to take nothing more.
    func isToldDrained(_ agent: String) -> Bool {
        drained.contains(agent)
            && !inputs.contains { if case .store(.drained) = $0 { true } else { false } }
    }

    // MARK: The lease

    private func contend() {
        switch leadership.step(at: uptime) {
        case .read:
            call {
                self.world.store.readLease()
            } answer: { [self] lease in
                if let lease { leadership.observed(lease, at: uptime) } else { leadership.readFailed(at: uptime) }
                contend()
            }
        case .write(let version):
            let sentAt = uptime
            let identity = leadership.identity
            call {
                self.world.store.writeLease(identity, over: version)
            } answer: { [self] answer in
                leadership.answered(answer ?? .failed, sentAt: sentAt, at: uptime)
                if mayAct, machine == nil { lead() }
                contend()
            }
        case .wait(let until): later(max(1, until - uptime)) { self.contend() }
        case .lost: lostLead()
        }
    }

    private func lead() {
        world.note("\(leadership.identity) leads")
        world.judge.leads(self)
        machine = ControllerMachine()
        feed = world.store.follow(self)
    }

    // MARK: The store

    /// A request and its answer; nil where none comes in time. What is asked for may have been done all the same.
    private func call<Value>(
        delayedBy delay: Int64 = 0, _ body: @escaping () -> Value, answer: @escaping (Value?) -> Void
    ) {
        let life = life
        world.after(world.latency(self) + delay) { [self] in
            // What had not left the process stays in it.
            if self.life != life, world.dice.chance(50) { return }
            if isPaused, self.life == life, world.dice.chance(50) {
                return whenAwake { self.arrive(body, answer, life) }
            }
            arrive(body, answer, life)
        }
    }

    private func arrive<Value>(_ body: () -> Value, _ answer: @escaping (Value?) -> Void, _ life: Int) {
        guard reachesStore else {
            guard self.life == life else { return }
            return later(world.dice.between(seconds(1), seconds(5))) { answer(nil) }
        }
        let value = body()
        guard self.life == life else { return }
        later(world.latency(self)) { [self] in
            guard reachesStore else {
                return later(world.dice.between(seconds(1), seconds(5))) { answer(nil) }
            }
            answer(value)
        }
    }

    func observe(_ event: StoreEvent, from feed: SimulatedStore.Feed) {
        guard self.feed === feed, feed.takes(event) else { return }
        put(.store(event))
        if case .drained(let agents) = event { drained = agents }
        if case .listed = event, !isListed {
            isListed = true
            channel = ControllerLink(self)
        }
    }

    /// Sends what waits, unless a batch is under way; what comes meanwhile goes together with the next.
    private func sendWrites() {
        guard !isSending, !waiting.isEmpty else { return }
        guard mayAct else { return lostLead() }
        isSending = true
        let batch = waiting
        waiting = []
        var outcomes = [WriteOutcome?](repeating: nil, count: batch.count)
        var left = batch.count
        for (place, write) in batch.enumerated() {
            call(delayedBy: world.writeDelay(self)) {
                self.world.store.write(write, by: self)
            } answer: { [self] outcome in
                outcomes[place] = outcome ?? .failed("the store did not answer")
                left -= 1
                guard left == 0 else { return }
                isSending = false
                for (write, outcome) in zip(batch, outcomes) {
                    if let outcome { put(.wrote(uid: write.uid, outcome)) }
                }
                sendWrites()
            }
        }
    }

    // MARK: The loop

    func put(_ input: ControllerInput) {
        guard machine != nil else { return }
        inputs.append(input)
        guard !isStepDue else { return }
        isStepDue = true
        var delay = world.dice.between(20, 500)
        if world.strikes(.backlog, oneIn: 60) {
            delay = world.dice.between(milliseconds(100), seconds(12))
            disturbed(until: world.now + delay)
            world.note("\(leadership.identity) is busy for \(delay / 1000) ms")
        }
        later(delay) { [self] in
            isStepDue = false
            step()
        }
    }

    private func step() {
        guard mayAct else { return lostLead() }
        guard machine != nil else { return }
        let taken = inputs
        inputs = []
        let now = Moment(wall: wall, uptime: uptime)
        world.judge.takes(taken, self)
        guard let actions = machine?.step(taken, at: now) else { return }
        if let timer, timer <= uptime { self.timer = nil }
        let life = life
        for action in actions {
            perform(action)
            guard self.life == life else { return }
        }
        sendWrites()
        guard self.life == life else { return }
        setTimer()
    }

    private func setTimer() {
        guard let next = machine?.nextWake, timer.map({ next < $0 }) ?? true else { return }
        timer = next
        later(max(0, next - uptime)) { [self] in
            guard timer == next else { return }
            timer = nil
            put(.woke)
        }
    }

    private func perform(_ action: ControllerAction) {
        switch action {
        case .write(let write):
            world.judge.plans(write, self)
            waiting.append(write)
        case .delete(let run): delete(run)
        case .publish(let message, let inbox):
            guard mayAct else { return lostLead() }
            channel?.publish(message, to: inbox)
        case .reportToAll: later(0) { self.channel?.reportToAll() }
        case .commit(let positions): channel?.commit(positions)
        case .catchUp(let token): channel?.catchUp(token)
        case .resolve(let uid, _): resolve(uid)
        case .lookUp(let uid):
            call {
                self.world.store.run(uid).map { LookUp.found($0) } ?? .absent
            } answer: { [self] found in
                guard let found else {
                    return later(seconds(1)) { self.put(.looked(uid: uid, .failed("the store did not answer"))) }
                }
                put(.looked(uid: uid, found))
            }
        case .warn(let warning): world.note("\(leadership.identity): \(warning)")
        case .patch(let patch):
            guard mayAct else { return lostLead() }
            call {
                self.world.store.patch(patch)
            } answer: { _ in
            }
        case .observed, .unplaced, .passedOver, .expectTraffic, .annotated, .stale: break
        }
    }

    private func delete(_ run: RunReference) {
        guard mayAct else { return lostLead() }
        world.judge.deletes(run, self)
        call {
            self.world.store.delete(run, by: self)
        } answer: { [self] outcome in
            put(.deleted(uid: run.uid, outcome ?? .failed("the store did not answer")))
        }
    }

    private func resolve(_ uid: String) {
        later(world.dice.between(milliseconds(20), seconds(3))) { [self] in
            let result: Result<ResolvedSource, SourceError> =
                switch world.hasFaults ? world.dice.below(20) : 19 {
                case 0: .failure(SourceError("no such branch", mayPass: false))
                case 1...3: .failure(SourceError("no answer", mayPass: true))
                default: .success(ResolvedSource(url: "https://git.example/r", revision: "c0ffee", ref: nil))
                }
            put(.sourceResolved(uid: uid, result))
        }
    }

    override func noticeBroker() {
        guard isAlive else { return }
        world.note("\(leadership.identity) meets a new broker")
        brokerGeneration = world.broker.generation
        channel?.meetBroker()
        linkChanged()
    }
}
