import Model
import Testing

/// A run of four stages, one after another, that stands still in one of them until it is let go.
struct HeldRun: Sendable {
    let name: String
    let stage: String
    let uid: String
    /// Ends with the processes of the first attempt at the held stage.
    let pulse: LineFeed
    private let home: Home

    /// Starts a run and waits until its stage stands still, and is stored to be running.
    static func start(_ name: String, at stage: String, in installation: Installation) async throws -> HeldRun {
        let home = installation.home
        let kinds = Installation.kinds
        let pulse = try home.pulse(name)
        // Each attempt has a gate of its own; there is none for a third.
        for attempt in 1...2 { _ = try home.wait(at: "\(name)-\(attempt)") }
        let stages = kinds.enumerated().map { index, kind in
            let held = """
                \(pulse.script)
                \(installation.enter)
                read -r _ < \(home.path)/gate-\(name)-${MARTLET_FENCE##*/}
                \(installation.leave)
                """
            return Stage(
                kind, needs: index == 0 ? [] : [kinds[index - 1]],
                script: kind == stage ? held : "\(installation.enter)\n\(installation.leave)")
        }
        try home.write(Manifest.run(name, stages), to: "manifests/\(name).yaml")
        let run = try await home.run(name) { $0.status[stage: stage]?.state == .running }
        let held = HeldRun(name: name, stage: stage, uid: run.uid, pulse: pulse.feed, home: home)
        try await held.began(attempt: 1)
        return held
    }

    /// - Throws: `Unmet` when a later attempt begins instead.
    func began(attempt: Int) async throws {
        let start = "began \(name) \(uid)/\(stage)/"
        let line = try await home.bell.line { $0.hasPrefix(start) && (Int($0.dropFirst(start.count)) ?? 0) >= attempt }
        guard line == "\(start)\(attempt)" else { throw Unmet("waited for attempt \(attempt): \(line)") }
    }

    func release(attempt: Int = 1) throws { try home.release("\(name)-\(attempt)") }

    func finished() async throws -> PipelineRun { try await home.run(name) }
}
