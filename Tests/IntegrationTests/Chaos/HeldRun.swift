import Model
import Testing

/// A run of four stages, one after another, that stands still in one of them until it is let go.
struct HeldRun: Sendable {
    let name: String
    let stage: String
    let uid: String
    /// The attempt that stood still first. Not always 1: an assignment that isn't claimed in time, on a busy machine or
    /// just after its agent has found a new broker, costs a number and nothing else.
    let first: Int
    /// Ends with the processes of the first attempt at the held stage.
    let pulse: LineFeed
    private let home: Home

    /// Starts a run and waits until its stage stands still, and is stored to be running.
    static func start(_ name: String, at stage: String, in installation: Installation) async throws -> HeldRun {
        let home = installation.home
        let kinds = Installation.kinds
        let pulse = try home.pulse(name)
        // Each attempt has a gate of its own.
        for attempt in 1...9 { _ = try home.wait(at: "\(name)-\(attempt)") }
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
        let first = try #require(run.status[stage: stage]).attempt
        let held = HeldRun(name: name, stage: stage, uid: run.uid, first: first, pulse: pulse.feed, home: home)
        #expect(try await held.begun(after: first - 1) == first)
        return held
    }

    /// Waits until an attempt has begun that comes after another; returns its number.
    func begun(after attempt: Int) async throws -> Int {
        let start = "began \(name) \(uid)/\(stage)/"
        let line = try await home.bell.line { $0.hasPrefix(start) && (Int($0.dropFirst(start.count)) ?? 0) > attempt }
        return try #require(Int(line.dropFirst(start.count)))
    }

    /// Lets the first attempt go on.
    func release() throws { try release(attempt: first) }

    func release(attempt: Int) throws { try home.release("\(name)-\(attempt)") }

    /// Waits until the stage has begun again, elsewhere or later, and lets that attempt go on.
    func releaseNext() async throws { try release(attempt: try await begun(after: first)) }

    func finished() async throws -> PipelineRun { try await home.run(name) }
}
