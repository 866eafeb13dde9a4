import Kafka
import Synchronization

/// What the link's one serial loop does, so that changes of its clients never overlap.
extension KafkaLink {
    enum Command: Sendable {
        case connect(BrokerAddress)
        case subscribe([KafkaStart], LinkSession, user: Int, reply: @Sendable (Result<Void, KafkaError>) -> Void)
        case unsubscribe(user: Int, reply: @Sendable () -> Void)
        case setPace
        case renewProducer(isLogs: Bool)
        case end
    }

    func put(_ command: Command) {
        let isKept = state.withLock { state in
            if state.hasEnded { return false }
            // Asked for twice a second, and by everybody who expects something: once is enough.
            if case .setPace = command, case .setPace? = state.commands.last { return true }
            state.commands.append(command)
            return true
        }
        if isKept { commands.raise() } else { refuse(command) }
    }

    func serve() async {
        for await _ in commands.calls {
            for command in takeCommands() {
                await perform(command)
                guard case .end = command else { continue }
                return
            }
        }
    }

    private func takeCommands() -> [Command] {
        state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    private func refuse(_ command: Command) {
        switch command {
        case .subscribe(_, _, _, let reply): reply(.failure(KafkaError(.closed)))
        case .unsubscribe(_, let reply): reply()
        case .connect, .setPace, .renewProducer, .end: break
        }
    }

    private func perform(_ command: Command) async {
        switch command {
        case .connect(let address): await connect(address)
        case .subscribe(let starts, let session, let user, let reply):
            reply(await subscribeNow(starts, session, user))
        case .unsubscribe(let user, let reply):
            await unsubscribeNow(user)
            reply()
        case .setPace: await setPace()
        case .renewProducer(let isLogs): await renewProducer(isLogs ? logOutlet : outlet, isLogs: isLogs)
        case .end: await end()
        }
    }

    private func connect(_ address: BrokerAddress) async {
        let old = state.withLock { $0.session }
        if let old {
            if old.address == address { return }
            await disconnect(old, patience: .zero)
            outlet.forfeit()
        }
        let generation = state.withLock { state in
            state.generation += 1
            state.pace.isQuick = true
            return state.generation
        }
        // Another broker's offsets.
        dead.forgetOffsets()
        let troubles = troubles
        do throws(KafkaError) {
            // The clients keep the link, and the link the clients: `end` undoes that.
            let session = try LinkSession(
                generation: generation, address: address, configuration: configuration,
                log: { troubles.note($0) }, onEvent: { self.handle($0) }, onRecords: { self.dispatch($0) })
            openOutlet(outlet, at: address, isLogs: false)
            openOutlet(logOutlet, at: address, isLogs: true)
            let watchers = state.withLock { state in
                state.session = session
                return Array(state.watchers.values)
            }
            for watcher in watchers { watcher.yield(session) }
        } catch {
            failed.yield(error)
        }
    }

    private func openOutlet(_ outlet: Outlet, at address: BrokerAddress, isLogs: Bool) {
        let settings = ClientSettings(configuration: configuration, address: address)
        let troubles = troubles
        outlet.open { onEvent throws(KafkaError) in
            try KafkaProducer(
                isLogs ? settings.logProducer : settings.producer,
                topicSettings: isLogs ? settings.logProducerTopics : settings.producerTopics,
                log: { troubles.note($0) }, onEvent: onEvent)
        }
    }

    private func disconnect(_ session: LinkSession, patience: Duration) async {
        state.withLock { state in
            state.session = nil
            state.routes = Routes()
        }
        await outlet.close(patience: patience)
        await logOutlet.close(patience: patience)
        await session.close()
    }

    private func subscribeNow(
        _ starts: [KafkaStart], _ session: LinkSession, _ user: Int
    ) async -> Result<Void, KafkaError> {
        let (new, isQuick): ([KafkaStart]?, Bool) = state.withLock { state in
            guard state.session === session else { return (nil, true) }
            return (state.routes.add(user, starts), state.pace.isQuick)
        }
        guard let new else { return .failure(KafkaError(.closed)) }
        if new.isEmpty { return .success(()) }
        do throws(KafkaError) {
            try await session.reader(isQuick: isQuick).add(new)
            return .success(())
        } catch {
            _ = state.withLock { $0.routes.remove(user) }
            return .failure(error)
        }
    }

    private func unsubscribeNow(_ user: Int) async {
        let (unread, reader) = state.withLock { state in
            (state.routes.remove(user), state.session?.reader(isQuick: state.pace.isQuick))
        }
        // A reader that is closed reads nothing any more.
        if !unread.isEmpty { try? await reader?.remove(unread) }
    }

    private func setPace() async {
        let now = ContinuousClock.now
        let change: (from: KafkaConsumer, to: KafkaConsumer, isQuick: Bool)? = state.withLock { state in
            guard let session = state.session, let slow = session.slow else { return nil }
            let isQuick = state.pace.wantsQuick(now: now, linger: configuration.linger)
            if isQuick == state.pace.isQuick { return nil }
            return isQuick ? (slow, session.quick, true) : (session.quick, slow, false)
        }
        guard let change else { return }
        do throws(KafkaError) {
            // Once this has returned, every record it has given has been dispatched, and it gives no other.
            try await change.from.assign([])
            let starts = state.withLock { $0.routes.starts }
            try await change.to.assign(starts)
            state.withLock { $0.pace.isQuick = change.isQuick }
        } catch {
            troubles.note(error)
        }
    }

    /// Closing answers what is under way; what isn't acknowledged by then goes out again, in order, by a new producer.
    private func renewProducer(_ outlet: Outlet, isLogs: Bool) async {
        guard let address = state.withLock({ $0.session?.address }) else { return }
        await outlet.close()
        openOutlet(outlet, at: address, isLogs: isLogs)
    }

    private func end() async {
        if let session = state.withLock({ $0.session }) { await disconnect(session, patience: .seconds(3)) }
        outlet.forfeit()
        logOutlet.forfeit()
        let rest = state.withLock { state in
            state.hasEnded = true
            state.callbacks = [:]
            defer { state.commands = [] }
            return state.commands
        }
        for command in rest { refuse(command) }
    }
}
