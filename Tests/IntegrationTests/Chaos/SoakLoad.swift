import Model
import Synchronization
import TestSupport
import Testing

/// The runs of a soak: several at a time, of shapes that end in known ways.
final class SoakLoad: Sendable {
    enum Shape: String, CaseIterable, Sendable {
        case chain, diamond, flaky, failing, source, long

        /// How it has to end.
        var succeeds: Bool { self != .failing }
    }

    struct Tally: Sendable {
        var started = 0
        var runs: [Shape: Int] = [:]
        var stages = 0
        var attempts = 0
        var losses = 0
        var retries = 0
        /// Runs that ended because a stage was lost as often as is allowed.
        var givenUp = 0
        /// From a run's file to its end, in seconds.
        var times: [Double] = []
        var wrong: [String] = []

        var ended: Int { runs.values.reduce(0, +) }
    }

    /// How often a stage may be lost before its run is given up.
    private static let lossesLimit = 3

    let tally = Mutex(Tally())
    private let installation: Installation

    init(_ installation: Installation) async throws {
        self.installation = installation
        try installation.home.write("1\n", to: "repository/version")
        try await installation.home.commit("repository")
    }

    /// Makes one run after another until the time is up; the last one is waited for.
    func drive(lane: Int, seed: UInt64, until end: ContinuousClock.Instant) async throws {
        var chance = SeededGenerator(seed: seed &+ UInt64(lane))
        var number = 0
        while ContinuousClock.now < end {
            number += 1
            let name = "soak-\(lane)-\(number)"
            let shape = Shape.allCases.randomElement(using: &chance) ?? .chain
            let start = ContinuousClock.now
            try installation.home.write(manifest(name, shape, &chance), to: "manifests/\(name).yaml")
            tally.withLock { $0.started += 1 }
            book(try await installation.home.run(name), shape, (ContinuousClock.now - start) / .seconds(1))
        }
    }

    private func manifest(_ name: String, _ shape: Shape, _ chance: inout SeededGenerator) -> String {
        let kinds = Installation.kinds
        func work(_ limit: Double, _ end: String = "") -> String {
            let seconds = Double.random(in: 0...limit, using: &chance)
            return "\(installation.signIn)\nsleep \((seconds * 100).rounded() / 100)\n\(installation.leave)\n\(end)"
        }
        func chain(_ script: (Int) -> String, _ field: String = "onFailure: Halt") -> [Stage] {
            kinds.indices.map { index in
                Stage(kinds[index], needs: index == 0 ? [] : [kinds[index - 1]], field, script: script(index))
            }
        }
        switch shape {
        case .chain: return Manifest.run(name, chain { _ in work(0.3) })
        case .diamond:
            return Manifest.run(
                name,
                [
                    Stage("lint", script: work(1)), Stage("test", needs: ["lint"], script: work(3)),
                    Stage("build", needs: ["lint"], script: work(3)),
                    Stage("security", needs: ["test", "build"], script: work(1)),
                ])
        case .flaky:
            // Fails the first time that it gets to its end.
            let mark = "\(installation.home.path)/flaky-$MARTLET_RUN-$MARTLET_STAGE"
            let script = "[[ -e \(mark) ]] || { touch \(mark); exit 1; }"
            return Manifest.run(
                name, chain({ $0 == 1 ? work(0.5, script) : work(0.3) }, "retry: {limit: 2, backoffSeconds: 1}"))
        case .failing: return Manifest.run(name, chain { $0 == 2 ? work(0.5, "exit 3") : work(0.3) })
        case .source:
            return Manifest.run(
                name, chain { _ in work(0.3, "[[ $(< version) == 1 ]]") }, "source: {url: 'file:../repository'}")
        case .long: return Manifest.run(name, [Stage("test", script: work(20)), Stage("build", script: work(20))])
        }
    }

    private func book(_ run: PipelineRun, _ shape: Shape, _ seconds: Double) {
        let stages = run.status.stages
        let isGivenUp = stages.contains { $0.state == .failed && $0.losses >= Self.lossesLimit }
        let succeeded = run.status.succeeded?.status == .true
        tally.withLock { tally in
            tally.runs[shape, default: 0] += 1
            tally.stages += stages.count
            tally.attempts += stages.reduce(0) { $0 + $1.attempt }
            tally.losses += stages.reduce(0) { $0 + $1.losses }
            tally.retries += stages.reduce(0) { $0 + $1.failures }
            tally.times.append(seconds)
            if isGivenUp {
                tally.givenUp += 1
            } else if succeeded != shape.succeeds {
                let text = run.status.succeeded.map { "\($0.reason): \($0.message)" } ?? "without a condition"
                tally.wrong.append("\(run.metadata.name), \(shape.rawValue), ended as it shouldn't: \(text)")
            }
        }
        do {
            tally.withLock { [problems = try problems(of: run)] in $0.wrong += problems }
        } catch {
            tally.withLock { $0.wrong.append("\(run.metadata.name): \(error)") }
        }
    }

    /// What the effects of a finished run say against it: an accepted attempt was executed to its end, once.
    private func problems(of run: PipelineRun) throws -> [String] {
        let effects = try installation.effects
        return run.status.stages.filter { $0.state == .succeeded }.compactMap { stage in
            let fence = Fence(run: run.uid, stage: stage.id, attempt: stage.attempt)
            let count = effects.ended.count { $0.fence == fence }
            return count == 1 ? nil : "\(run.metadata.name): \(fence) was executed \(count) times to its end"
        }
    }
}
