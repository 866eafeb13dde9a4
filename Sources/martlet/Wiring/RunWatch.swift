internal import AgentProtocol
internal import Controller
internal import Model
internal import Planning
internal import Presentation
internal import Stores
internal import Synchronization

/// What `martlet run` shows while it waits: the runs that it waits for, as the controller sees them.
final class RunWatch: ControllerObserver {
    private struct State {
        /// In the order in which they are shown.
        var order: [String] = []
        var runs: [String: PipelineRun] = [:]
        /// Whether what is in `runs` is what is stored.
        var isStored: [String: Bool] = [:]
        /// The last line that a stage has printed, by run and stage.
        var lastLines: [String: [String: String]] = [:]
        /// Attempts whose output has been stored to its end.
        var endedOutput: Set<String> = []
        var hopeless: [Placement.Unplaced] = []
        var changed: [String] = []
        /// What an operator may want to know, not yet shown.
        var notices: [String] = []
    }

    private let state = Mutex(State())
    private let signal: AsyncStream<Void>.Continuation
    /// Something has changed; more changes may have come since.
    let changes: AsyncStream<Void>

    init() {
        (changes, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Waits for a run, as it is stored now.
    func follow(_ run: PipelineRun) {
        state.withLock { state in
            state.order.append(run.uid)
            state.runs[run.uid] = run
            state.isStored[run.uid] = true
            // What a former round has come to is no news.
            if !run.status.isFinished { state.changed.append(run.uid) }
        }
        // A run that has ended already is not heard of again.
        signal.yield()
    }

    func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {
        let isFollowed = state.withLock { state in
            guard state.runs[run.uid] != nil else { return false }
            state.runs[run.uid] = run
            state.isStored[run.uid] = isStored
            if state.changed.last != run.uid { state.changed.append(run.uid) }
            return true
        }
        guard isFollowed else { return }
        for happening in happenings { tell(happening, of: run.metadata.name) }
        signal.yield()
    }

    /// What states alone don't show: why a stage goes to another agent, or begins again.
    private func tell(_ happening: Happening, of run: String) {
        switch happening {
        case .stageDeclined(let stage, let reason): note("\(run)  \(stage): declined: \(reason.shown(400))")
        case .stageLost(let stage, _, let reason): note("\(run)  \(stage): lost, begins again: \(reason.shown(400))")
        case .stageRetried(let stage, let failures, _): note("\(run)  \(stage): failure \(failures), is tried again")
        case .runStarted, .runEnded, .stageEnded: break
        }
    }

    func unplaced(_ stages: [UnplacedStage]) {
        state.withLock { $0.hopeless = stages.map(\.why).filter(\.isHopeless) }
        signal.yield()
    }

    func warned(_ warning: ControllerWarning) { note("martlet: \(warning)") }

    /// Has a line shown beside the progress.
    func note(_ line: String) {
        state.withLock { $0.notices.append(line) }
        signal.yield()
    }

    func takeNotices() -> [String] {
        state.withLock { state in
            defer { state.notices = [] }
            return state.notices
        }
    }

    /// Keeps the last line of each stage's output, and where it has ended.
    func noteOutput(_ chunks: [LogChunk]) {
        let hasEnded = chunks.contains(where: \.isLast)
        state.withLock { state in
            for chunk in chunks {
                if chunk.isLast { state.endedOutput.insert(chunk.fence) }
                guard let fence = Fence(chunk.fence), state.runs[fence.run] != nil,
                    let line = chunk.text.split(whereSeparator: \.isNewline).last
                else { continue }
                state.lastLines[fence.run, default: [:]][fence.stage] = String(line)
            }
        }
        if hasEnded { signal.yield() }
    }

    var views: [RunView] {
        state.withLock { state in
            state.order.compactMap { uid in
                state.runs[uid].map { RunView($0, lastLines: state.lastLines[uid] ?? [:]) }
            }
        }
    }

    /// The runs that have changed since the last call, each once.
    func takeChanged() -> [RunView] {
        state.withLock { state in
            var seen: Set<String> = []
            let changed = state.changed.filter { seen.insert($0).inserted }
            state.changed = []
            return changed.compactMap { uid in state.runs[uid].map { RunView($0) } }
        }
    }

    /// Whether every run has ended, and its end is stored.
    var isDone: Bool {
        state.withLock { state in
            state.order.allSatisfy { (state.runs[$0]?.hasEnded ?? true) && state.isStored[$0] == true }
        }
    }

    /// Whether all output is stored of what these agents have run.
    func hasAllOutput(of instances: [String]) -> Bool {
        state.withLock { state in
            state.order.allSatisfy { uid in
                (state.runs[uid]?.status.stages ?? []).allSatisfy { stage in
                    guard stage.startTime != nil, let instance = stage.instance, instances.contains(instance) else {
                        return true
                    }
                    return state.endedOutput.contains(stage.fence(in: uid).description)
                }
            }
        }
    }

    var unfinished: [PipelineRun] {
        state.withLock { state in state.order.compactMap { state.runs[$0] }.filter { !$0.hasEnded } }
    }

    /// Stages of the runs waited for that no agent now alive could ever take.
    var hopeless: [Placement.Unplaced] {
        state.withLock { state in state.hopeless.filter { state.runs[$0.run] != nil } }
    }
}
