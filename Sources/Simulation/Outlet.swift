/// One process's sending to one partition: an idempotent producer, which keeps the order and tries again by itself.
///
/// An answer says what such a producer says: true for an ack; false once it is certain, or the time is up. A message whose
/// time is up may have been stored all the same.
final class Outlet {
    private struct Item {
        var payload: Broker.Payload
        var number: Int
        /// By the world's clock; nil for what waits without limit.
        var expiresAt: Int64?
        var answer: (Bool) -> Void
    }

    unowned let process: SimulatedProcess
    let partition: Broker.Partition
    private var items: [Item] = []
    private var lastNumber = 0
    private var isDue = false
    private var isCleared = false

    private var world: World { process.world }

    init(_ process: SimulatedProcess, to partition: Broker.Partition) {
        self.process = process
        self.partition = partition
        process.outlets.append(self)
    }

    func send(_ payload: Broker.Payload, timeout: Int64? = nil, answer: @escaping (Bool) -> Void) {
        lastNumber += 1
        items.append(
            Item(payload: payload, number: lastNumber, expiresAt: timeout.map { world.now + $0 }, answer: answer))
        if !process.isConnected { expireLater(lastNumber, timeout) }
        wake()
    }

    func wake() {
        guard !isDue, !isCleared, !items.isEmpty else { return }
        isDue = true
        process.later(world.latency(process)) { [self] in
            isDue = false
            pump()
        }
    }

    /// Drops everything; nothing is answered any more.
    func clear() {
        isCleared = true
        items = []
    }

    /// The producer is given up with a broker: what it has is answered with false.
    func refuseAll() {
        let refused = items
        items = []
        for item in refused { answer(item, false, after: 1000) }
    }

    private func pump() {
        guard !isCleared, process.isConnected else {
            for item in items {
                if let end = item.expiresAt { expireLater(item.number, max(0, end - world.now)) }
            }
            return
        }
        var sent = 0
        for item in items {
            if let end = item.expiresAt, end <= world.now {
                answer(item, false, after: 0)
            } else if !transmit(item) {
                break
            }
            sent += 1
        }
        items.removeFirst(sent)
        if !items.isEmpty { process.later(world.dice.between(milliseconds(100), seconds(4))) { self.wake() } }
    }

    private func expireLater(_ number: Int, _ delay: Int64?) {
        guard let delay else { return }
        process.later(delay) { [self] in
            guard !process.isConnected, let place = items.firstIndex(where: { $0.number == number }) else { return }
            let item = items.remove(at: place)
            item.answer(false)
        }
    }

    /// Returns whether the message has been dealt with; false where it has to be tried again, and all after it.
    private func transmit(_ item: Item) -> Bool {
        let remaining = item.expiresAt.map { max(0, $0 - world.now) }
        if world.strikes(.loss, oneIn: 40) {
            process.disturbed()
            world.disturbed(item.payload)
            switch world.dice.below(3) {
            case 0:
                // The broker's leader fell over after its ack, and its follower never had it.
                world.note("\(process.name) → \(partition.name): acknowledged and lost: \(item.payload.summary)")
                answer(item, true, after: world.latency(process))
                return true
            case 1:
                guard let remaining else { return false }
                world.note("\(process.name) → \(partition.name): never arrives: \(item.payload.summary)")
                answer(item, false, after: remaining)
                return true
            default:
                guard let remaining else { return false }
                world.note("\(process.name) → \(partition.name): its ack is lost: \(item.payload.summary)")
                append(item.payload)
                answer(item, false, after: remaining)
                return true
            }
        }
        if world.strikes(.misdeliver, oneIn: 25), case .toAgent = item.payload,
            let other = world.dice.pick(world.broker.allInboxes)
        {
            world.disturbed(item.payload)
            world.note("to \(other.name) instead of \(partition.name): \(item.payload.summary)")
            other.append(item.payload, at: world.now)
            if world.dice.chance(50) { append(item.payload) }
        } else {
            append(item.payload)
        }
        if world.strikes(.repetition, oneIn: 25) { appendAgain(item.payload) }
        acknowledge(item)
        return true
    }

    private func append(_ payload: Broker.Payload) {
        partition.append(payload, at: world.now)
        if world.keepsLines {
            world.note("\(process.name) → \(partition.name)@\(partition.end - 1): \(payload.summary)")
        }
    }

    private func appendAgain(_ payload: Broker.Payload) {
        let generation = partition.generation
        let (world, partition) = (world, partition)
        world.after(world.dice.between(1000, seconds(world.dice.chance(20) ? 120 : 10))) {
            guard partition.generation == generation else { return }
            world.note("again → \(partition.name)@\(partition.end): \(payload.summary)")
            partition.append(payload, at: world.now)
        }
    }

    private func acknowledge(_ item: Item) {
        let generation = partition.generation
        process.later(world.latency(process)) { [self] in
            guard partition.generation == generation else {
                // Stored, and forgotten with the broker before its ack came.
                return item.answer(false)
            }
            if process.isConnected { return item.answer(true) }
            guard let end = item.expiresAt else {
                return process.whenConnected { item.answer(self.partition.generation == generation) }
            }
            answer(item, false, after: max(0, end - world.now))
        }
    }

    private func answer(_ item: Item, _ isStored: Bool, after delay: Int64) {
        process.later(delay) { item.answer(isStored) }
    }
}
