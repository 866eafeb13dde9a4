internal import Model

/// A process on a machine of its own: it can die, stand still, and be cut off.
///
/// What it has planned happens only in the same life; what comes due while it stands still happens when it goes on.
class SimulatedProcess {
    unowned let world: World
    let name: String
    /// Counts starts.
    private(set) var life = 0
    private(set) var isAlive = false
    private(set) var isPaused = false
    /// How many faults cut it from the broker, and from the store.
    private var brokerCuts = 0
    private(set) var storeCuts = 0
    /// Which broker it knows.
    var brokerGeneration = 0
    let uptimeOffset: Int64
    let wallOffset: Int64
    var consumers: [Consumer] = []
    var outlets: [Outlet] = []
    /// When a fault last touched it or what it says.
    private(set) var lastDisturbed = Int64.min
    private var due: [() -> Void] = []
    private var awaitingLink: [() -> Void] = []

    init(_ world: World, name: String) {
        self.world = world
        self.name = name
        uptimeOffset = world.dice.between(0, seconds(100_000))
        wallOffset = world.isSkewed ? world.dice.between(seconds(-10_800), seconds(10_800)) : 0
    }

    var uptime: Int64 { world.now + uptimeOffset }
    var wall: Timestamp { World.wall(at: world.now + wallOffset) }
    /// Whether it and the broker reach each other.
    var isConnected: Bool { brokerCuts == 0 && world.broker.isUp && brokerGeneration == world.broker.generation }
    var reachesStore: Bool { storeCuts == 0 && world.store.isUp }
    /// Whether any fault keeps it from working at present.
    var isDisturbed: Bool { !isAlive || isPaused || brokerCuts > 0 || storeCuts > 0 }

    func disturbed(until time: Int64? = nil) { lastDisturbed = max(lastDisturbed, time ?? world.now) }

    // MARK: Life

    func begin() {
        life += 1
        isAlive = true
        isPaused = false
        brokerGeneration = world.broker.generation
        disturbed()
    }

    /// The process ends at once, and with it everything that it had not sent.
    func end() {
        life += 1
        isAlive = false
        isPaused = false
        due = []
        awaitingLink = []
        close()
        disturbed()
    }

    /// Gives up everything that it has at the broker.
    func close() {
        for consumer in consumers { consumer.close() }
        consumers = []
        for outlet in outlets { outlet.clear() }
        outlets = []
    }

    func pause() {
        guard isAlive, !isPaused else { return }
        isPaused = true
        disturbed()
        world.note("\(name) stands still")
    }

    func resume() {
        guard isAlive, isPaused else { return }
        world.note("\(name) goes on")
        isPaused = false
        disturbed()
        let works = due
        due = []
        let life = life
        for (place, work) in works.enumerated() {
            guard self.life == life, isAlive else { return }
            guard !isPaused else {
                due = Array(works[place...]) + due
                return
            }
            work()
        }
    }

    // MARK: Time

    /// Does something later in this life.
    func later(_ delay: Int64, _ work: @escaping () -> Void) {
        let life = life
        world.after(delay) { [unowned self] in
            guard self.life == life else { return }
            whenAwake(work)
        }
    }

    func whenAwake(_ work: @escaping () -> Void) {
        if isPaused { due.append(work) } else { work() }
    }

    // MARK: The broker

    func cutFromBroker() {
        brokerCuts += 1
        disturbed()
    }

    func mendBroker() {
        brokerCuts -= 1
        disturbed()
        linkChanged()
    }

    func cutFromStore() {
        storeCuts += 1
        disturbed()
    }

    func mendStore() {
        storeCuts -= 1
        disturbed()
    }

    func whenConnected(_ work: @escaping () -> Void) {
        if isConnected { work() } else { awaitingLink.append(work) }
    }

    /// The way to the broker may be open again.
    func linkChanged() {
        guard isConnected, isAlive else { return }
        let works = awaitingLink
        awaitingLink = []
        for work in works { later(world.latency(self), work) }
        for consumer in consumers { consumer.wake() }
        for outlet in outlets { outlet.wake() }
    }

    /// There is a new broker, which knows nothing of it.
    func noticeBroker() {}
}
