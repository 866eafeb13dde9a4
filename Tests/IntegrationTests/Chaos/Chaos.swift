import Model
import Testing

func withInstallation(
    isolation: isolated (any Actor)? = #isolation, on cluster: Installation.Cluster = .own,
    _ body: (Installation) async throws -> Void
) async throws {
    try await withHome { home in
        let installation = try await Installation.start(in: home, on: cluster)
        do {
            try await body(installation)
        } catch {
            await installation.close()
            throw error
        }
        await installation.close()
    }
}

extension Installation {
    /// Has a run stand still at each of the four stages, lets something go wrong for a while, and expects that none of it
    /// costs an attempt: two of the stages end meanwhile, two after it.
    func endure(
        isolation: isolated (any Actor)? = #isolation, _ fault: String, for time: Duration = .zero,
        inflict: () async throws -> Void, undo: () async throws -> Void
    ) async throws {
        let name = fault.map { $0.isLetter ? String($0).lowercased() : "-" }.joined().prefix(40)
        var runs: [HeldRun] = []
        for kind in Self.kinds { runs.append(try await HeldRun.start("\(name)-\(kind)", at: kind, in: self)) }
        try await inflict()
        for run in runs.prefix(2) {
            try run.release()
            try await run.pulse.ended()
        }
        if time > .zero { try await Task.sleep(for: time) }
        try await undo()
        let end = ContinuousClock.now
        for run in runs.suffix(2) { try run.release() }
        for run in runs { try check(try await run.finished(), fault) }
        report(fault, since: end)
    }
}

/// Prints how long it took until all was well again, for whoever wants figures.
func report(_ fault: String, since start: ContinuousClock.Instant) {
    let seconds = (ContinuousClock.now - start) / .milliseconds(100)
    print("recovered: \(fault): \((seconds).rounded() / 10) s")
}
