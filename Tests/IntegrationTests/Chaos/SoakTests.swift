import Execution
import Glibc
import Model
import Synchronization
import Testing

/// Load and faults for as long as one likes: `scripts/soak`.
@Suite struct SoakTests {
    private static let minutes = getenv("MARTLET_SOAK_MINUTES").flatMap { Int(String(cString: $0)) }
    private static let seed = getenv("MARTLET_SOAK_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
    private static let lanes = 6
    /// How long the last runs may take once nothing goes wrong any more.
    private static let patience = Duration.seconds(240)
    /// More than this in a controller that has seen some thousand runs is a leak.
    private static let memoryLimit = 400 << 10

    @Test(
        .enabled(if: minutes != nil, "scripts/soak runs it"), .timeLimit(.minutes((minutes ?? 0) + 6)))
    func everythingEndsRightWhateverGoesWrong() async throws {
        let minutes = Self.minutes ?? 1
        try await withHome { home in
            let installation = try await Installation.start(in: home, spares: true)
            let load = try await SoakLoad(installation)
            let faults = SoakFaults(installation)
            let memory = SoakMemory(installation)
            let start = ContinuousClock.now
            let end = start + .seconds(60 * minutes)
            say("soak: \(minutes) min, seed \(Self.seed), in \(home.path)")
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 1...Self.lanes {
                        group.addTask { try await load.drive(lane: lane, seed: Self.seed, until: end) }
                    }
                    group.addTask { try await faults.troubleAgents(seed: Self.seed, until: end) }
                    group.addTask { try await faults.troubleOthers(seed: Self.seed, until: end) }
                    let watch = Task {
                        while !Task.isCancelled {
                            try await Task.sleep(for: .seconds(10))
                            memory.look()
                            let minute = (ContinuousClock.now - start) / .seconds(60)
                            progress((minute * 10).rounded() / 10, load, faults, memory)
                        }
                    }
                    defer { watch.cancel() }
                    group.addTask {
                        try await Task.sleep(until: end + Self.patience)
                        throw Unmet("runs were still active long after the last fault")
                    }
                    for _ in 0..<Self.lanes + 2 { try await group.next() }
                    group.cancelAll()
                }
            } catch {
                save(home)
                throw error
            }
            memory.look()
            let left = try await endEverything(installation)
            let effects = try installation.effects
            let table = SoakTable(load: load.tally.withLock { $0 }, faults: faults, memory: memory, effects: effects)
            say(table.text(left: left))
            #expect(table.load.wrong.isEmpty, "\(table.load.wrong.joined(separator: "\n"))")
            #expect(effects.repeated.isEmpty, "an agent has begun one fence twice: \(effects.repeated)")
            #expect(left.isEmpty, "left behind: \(left.joined(separator: "\n"))")
            #expect(memory.largest < Self.memoryLimit, "KiB of the controller")
            let unexplained = unexplainedLosses(home, faults, installation)
            #expect(unexplained.isEmpty, "\(unexplained)")
            let isFine =
                table.load.wrong.isEmpty && effects.repeated.isEmpty && left.isEmpty && unexplained.isEmpty
            if !isFine { save(home) }
            await installation.close()
        }
    }

    private func progress(_ minute: Double, _ load: SoakLoad, _ faults: SoakFaults, _ memory: SoakMemory) {
        let tally = load.tally.withLock { $0 }
        let count = faults.counts.values.reduce(0, +)
        say(
            "soak: \(minute) min: \(tally.ended) of \(tally.started) runs ended, \(tally.losses) losses, "
                + "\(count) faults, controller \(memory.latest >> 10) MiB, \(tally.wrong.count) wrong")
    }

    /// Ends all processes in order, and looks for what they leave.
    private func endEverything(_ installation: Installation) async throws -> [String] {
        var left: [String] = []
        let home = installation.home
        for agent in installation.agentNames { try installation.agent(agent).send(SIGTERM) }
        for agent in installation.agentNames {
            let ending = try await installation.agent(agent).finish()
            if ending.code != 0 { left.append("the agent \(agent) ended with \(ending.code)") }
        }
        for child in [try installation.controller, try installation.broker] {
            child.send(SIGTERM)
            let ending = try await child.finish()
            if ending.code != 0 { left.append("\(child.name) ended with \(ending.code)") }
        }
        left += ProcessTable.processes(with: home.path).map { "process \($0): \(ProcessTable.command(of: $0))" }
        for agent in installation.agentNames {
            let folder = "\(home.path)/.martlet/agents/\(agent)"
            left += FileSystem.names(in: "\(folder)/work").map { "workspace \(agent)/work/\($0)" }
            left += FileSystem.names(in: folder).filter { $0.hasPrefix("left-") }.map { "folder \(agent)/\($0)" }
        }
        return left
    }

    /// Losses that controllers tell of, beyond what was done to the agents: each slot may be lost once a fault.
    private func unexplainedLosses(_ home: Home, _ faults: SoakFaults, _ installation: Installation) -> [String] {
        let lines = home.errors.filter { $0.contains("stage lost (") }
        return installation.agentNames.compactMap { agent in
            let losses = lines.count { $0.contains(": agent \(agent) was not heard of") }
            let most = faults.costlyFaults(of: agent) * Installation.slots
            return losses > most ? "\(agent): \(losses) losses by \(faults.costlyFaults(of: agent)) faults" : nil
        }
    }

    /// At once, also where standard output is no terminal.
    private func say(_ text: String) {
        print(text)
        fflush(nil)
    }

    private func save(_ home: Home) {
        let path = "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/martlet-soak-\(getpid()).log"
        try? FileSystem.write(Array(home.transcript.utf8), to: path)
        say("soak: what the processes said is in \(path)")
    }
}

/// The controller's memory, whichever process it is.
final class SoakMemory: Sendable {
    private let installation: Installation
    private let figures = Mutex<[Int]>([])

    init(_ installation: Installation) { self.installation = installation }

    /// In KiB, like all of these.
    var latest: Int { figures.withLock { $0.last ?? 0 } }
    var largest: Int { figures.withLock { $0.max() ?? 0 } }

    func look() {
        guard let controller = try? installation.controller, let memory = ProcessTable.memory(of: controller.id) else {
            return
        }
        figures.withLock { $0.append(memory) }
    }
}

struct SoakTable {
    let load: SoakLoad.Tally
    let faults: SoakFaults
    let memory: SoakMemory
    let effects: Effects

    func text(left: [String]) -> String {
        let times = load.times.sorted()
        func time(_ part: Double) -> String {
            guard !times.isEmpty else { return "-" }
            return "\((times[min(times.count - 1, Int(Double(times.count) * part))] * 10).rounded() / 10) s"
        }
        // Executions by the number of times that their fence was begun: by agents that took over, never by the same.
        var begun: [Fence: Int] = [:]
        for execution in effects.began { begun[execution.fence, default: 0] += 1 }
        var rows: [(String, String)] = [
            ("runs", "\(load.ended)")
        ]
        for shape in SoakLoad.Shape.allCases { rows.append(("  \(shape.rawValue)", "\(load.runs[shape] ?? 0)")) }
        rows += [
            ("runs that ended wrong", "\(load.wrong.count)"),
            ("runs given up after three losses of a stage", "\(load.givenUp)"),
            ("time of a run, median, 90 %, longest", "\(time(0.5)), \(time(0.9)), \(time(1))"),
            ("stages", "\(load.stages)"), ("attempts", "\(load.attempts)"), ("losses", "\(load.losses)"),
            ("failures of stages", "\(load.retries)"), ("executions", "\(effects.began.count)"),
            ("  of them to their end", "\(effects.ended.count)"),
            ("fences begun by two processes", "\(begun.values.count { $0 > 1 })"),
            ("fences begun twice by one process", "\(effects.repeated.count)"),
            ("faults", "\(faults.counts.values.reduce(0, +))"),
        ]
        for kind in SoakFaults.Kind.allCases { rows.append(("  \(kind.rawValue)", "\(faults.counts[kind] ?? 0)")) }
        rows += [
            ("controller's memory, last and largest", "\(memory.latest >> 10), \(memory.largest >> 10) MiB"),
            ("processes and workspaces left behind", "\(left.count)"),
        ]
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            name + String(repeating: " ", count: width + 2 - name.count) + value
        }.joined(separator: "\n")
    }
}
