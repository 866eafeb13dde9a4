/// What a check simulates.
package struct SimulationOptions: Equatable, Sendable {
    package var agents = 4
    package var runs = 5
    package var controllers = 2
    package var faults = Faults.all
    /// Whether every event is written down in words.
    package var keepsLines = false

    package init() {}
}

/// What came of one seed.
package struct SimulationOutcome: Sendable {
    package var seed: UInt64
    package var violations: [Violation]
    /// The same for the same seed and options, in any process.
    package var hash: UInt64
    package var lines: [String]
    /// Virtual microseconds.
    package var duration: Int64
    package var events: Int
    package var executions: Int
    /// How often each fault of `Faults.named` struck.
    package var faults: [Int]
}

/// Plays one seed to its end, or to the first rule that doesn't hold.
package func simulate(seed: UInt64, options: SimulationOptions) -> SimulationOutcome {
    var chance = RandomScenario(seed: seed, options: options)
    var scenario = chance.scenario(seed: seed)
    scenario.keepsLines = options.keepsLines
    let world = World(scenario)
    world.run()
    return SimulationOutcome(
        seed: seed, violations: world.judge.violations, hash: world.hash, lines: world.lines, duration: world.now,
        events: world.eventCount, executions: world.judge.executionCount, faults: world.faultCounts)
}
