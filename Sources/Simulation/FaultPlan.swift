/// Decides which processes die, stand still and are cut off, and when, before anything happens.
struct FaultPlan {
    private let world: World

    init(_ world: World) {
        self.world = world
    }

    private var end: Int64 { world.scenario.faultsEnd }

    func plan() {
        times(.agentKill, 1...4) { killAgent() }
        times(.agentPause, 1...3) { pauseAgent() }
        times(.controllerKill, 1...3) { killController() }
        times(.controllerPause, 1...3) { pauseController(atMost: 12) }
        times(.twoControllers, 1...2) { pauseController(atMost: 50) }
        times(.partition, 1...4) { cut() }
        times(.brokerAmnesia, 1...1) { forget() }
    }

    private func times(_ fault: Faults, _ count: ClosedRange<Int>, _ strike: @escaping () -> Void) {
        guard world.scenario.faults.contains(fault) else { return }
        for _ in 0..<(count.lowerBound + world.dice.below(count.count)) {
            world.after(world.dice.between(seconds(2), end - seconds(5))) {
                world.struck(fault)
                strike()
            }
        }
    }

    /// A time from now that is over before the faults end: mostly short.
    private func span(atMost most: Int) -> Int64 {
        let span =
            world.dice.chance(50)
            ? world.dice.between(milliseconds(200), seconds(max(1, most / 5)))
            : world.dice.between(milliseconds(200), seconds(most))
        return max(0, min(span, end - world.now - seconds(1)))
    }

    // MARK: Agents

    private func killAgent() {
        guard let agent = world.dice.pick(world.agents) else { return }
        if world.dice.chance(30) { return agent.drain() }
        agent.kill(restartAfter: span(atMost: 50), losingState: world.dice.chance(40))
    }

    private func pauseAgent() {
        guard let agent = world.dice.pick(world.agents) else { return }
        pause(agent, for: span(atMost: world.dice.chance(20) ? 150 : 40))
    }

    private func pause(_ process: SimulatedProcess, for span: Int64) {
        guard process.isAlive, !process.isPaused else { return }
        let life = process.life
        process.pause()
        world.after(span) {
            guard process.life == life else { return }
            process.resume()
        }
    }

    // MARK: Controllers

    /// The leader, mostly.
    private func someController() -> ControllerProcess? {
        if world.dice.chance(80), let leader = world.controllers.first(where: \.mayAct) { return leader }
        return world.dice.pick(world.controllers)
    }

    private func killController() {
        guard let controller = someController() else { return }
        controller.stop("is killed", restartAfter: span(atMost: 30))
        world.disturbed()
    }

    private func pauseController(atMost most: Int) {
        guard let controller = someController() else { return }
        if most > 20, world.dice.chance(30) { return cutFromStore(controller, atMost: most) }
        pause(controller, for: span(atMost: most))
        world.disturbed()
    }

    // MARK: The network

    private func cut() {
        switch world.dice.below(10) {
        case 0..<4:
            guard let agent = world.dice.pick(world.agents) else { return }
            cutFromBroker(agent, atMost: world.dice.chance(30) ? 170 : 50)
        case 4..<6:
            guard let controller = someController() else { return }
            cutFromBroker(controller, atMost: 80)
        case 6..<7:
            guard let controller = someController() else { return }
            cutFromStore(controller, atMost: 40)
        case 7..<9:
            world.note("the broker is out of reach")
            world.broker.fail()
            world.disturbed()
            world.after(span(atMost: world.dice.chance(20) ? 160 : 60)) {
                world.note("the broker is back")
                world.broker.recover()
                linkChanged()
            }
        default:
            world.note("the store is out of reach")
            world.store.fail()
            world.disturbed()
            world.after(span(atMost: 30)) {
                world.note("the store is back")
                world.store.recover()
                world.disturbed()
            }
        }
    }

    private func linkChanged() {
        world.disturbed()
        for agent in world.agents { agent.linkChanged() }
        for controller in world.controllers { controller.linkChanged() }
    }

    private func cutFromBroker(_ process: SimulatedProcess, atMost most: Int) {
        world.note("\(process.name) is cut from the broker")
        process.cutFromBroker()
        world.disturbed()
        world.after(span(atMost: most)) {
            world.note("\(process.name) reaches the broker again")
            process.mendBroker()
            world.disturbed()
        }
    }

    private func cutFromStore(_ controller: ControllerProcess, atMost most: Int) {
        world.note("\(controller.name) is cut from the store")
        controller.cutFromStore()
        world.disturbed()
        world.after(span(atMost: most)) {
            world.note("\(controller.name) reaches the store again")
            controller.mendStore()
            world.store.mendFeeds()
            world.disturbed()
        }
    }

    private func forget() {
        world.note("the broker forgets everything")
        world.broker.forgetEverything()
        world.forgottenAt = world.now
        world.disturbed()
        let processes: [SimulatedProcess] = world.agents + world.controllers
        for process in processes {
            process.disturbed()
            notice(process)
        }
    }

    /// Each process finds the new broker in its own time.
    private func notice(_ process: SimulatedProcess) {
        let generation = world.broker.generation
        process.later(world.dice.between(milliseconds(100), seconds(3))) {
            guard process.brokerGeneration != generation, world.broker.generation == generation else { return }
            process.noticeBroker()
            world.disturbed()
        }
    }
}
