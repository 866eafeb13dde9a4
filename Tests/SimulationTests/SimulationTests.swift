import Testing

@testable import Simulation

struct SimulationTests {
    @Test("whatever goes wrong, every rule holds", arguments: 0..<8)
    func seeds(_ part: UInt64) {
        // Twenty times slower where nothing is optimised.
        let count: UInt64 = _isDebugAssertConfiguration() ? 4 : 40
        for seed in (part * 40)..<(part * 40 + count) {
            let outcome = simulate(seed: seed, options: SimulationOptions())
            #expect(outcome.violations.isEmpty, "seed \(seed)")
        }
    }

    @Test("each fault alone is survived", arguments: Faults.named.map(\.name))
    func alone(_ name: String) throws {
        var options = SimulationOptions()
        options.faults = try Faults.read(name).get()
        var strikes = 0
        for seed in 1000..<(_isDebugAssertConfiguration() ? 1004 : 1012) as Range<UInt64> {
            let outcome = simulate(seed: seed, options: options)
            #expect(outcome.violations.isEmpty, "seed \(seed)")
            strikes += outcome.faults.reduce(0, +)
        }
        #expect(strikes > 0)
    }

    @Test("the same seed gives the same history, another seed another")
    func replays() {
        var options = SimulationOptions()
        options.keepsLines = true
        let first = simulate(seed: 7, options: options)
        let again = simulate(seed: 7, options: options)
        #expect(first.lines.count > 100)
        #expect(first.lines == again.lines)
        #expect(first.hash == again.hash)
        #expect(simulate(seed: 8, options: options).hash != first.hash)
    }

    @Test("writing the history down changes nothing that happens")
    func watching() {
        for seed in 0..<10 as Range<UInt64> {
            var options = SimulationOptions()
            let quiet = simulate(seed: seed, options: options)
            options.keepsLines = true
            let watched = simulate(seed: seed, options: options)
            #expect(quiet.events == watched.events)
            #expect(quiet.duration == watched.duration)
        }
    }

    @Test("without faults nothing is ever tried twice but for retries and reruns")
    func calm() {
        var options = SimulationOptions()
        options.faults = []
        for seed in 0..<20 as Range<UInt64> {
            let outcome = simulate(seed: seed, options: options)
            #expect(outcome.violations.isEmpty, "seed \(seed)")
            #expect(outcome.faults.allSatisfy { $0 == 0 })
        }
    }

    @Test("many seeds at once come to the same sum as one after the other")
    func sweeps() async {
        var sweep = SeedSweep()
        sweep.first = 50
        sweep.count = 20
        let one = await sweep.run()
        sweep.workers = 4
        let many = await sweep.run()
        #expect(one.seeds == 20)
        #expect(one.hash == many.hash)
        #expect(one.events == many.events)
    }

    @Test(
        "faults are read by name",
        arguments: [
            ("all", Faults.all), ("none", []), ("loss", .loss), ("loss,agent-kill", [.loss, .agentKill]),
        ] as [(String, Faults)])
    func names(_ text: String, _ faults: Faults) throws {
        #expect(try Faults.read(text).get() == faults)
    }

    @Test("an unknown fault is named")
    func unknown() {
        #expect(throws: UnknownFault(name: "lost")) { try Faults.read("loss,lost").get() }
        // What a variable that isn't set makes of the option must not pass for "every rule held".
        #expect(throws: UnknownFault(name: "")) { try Faults.read("").get() }
        #expect(throws: UnknownFault(name: "none")) { try Faults.read("none,loss").get() }
    }
}
