import Controller
import Model
import Synchronization

/// A desk that keeps runs in memory, by the port's own rules, and does as it is told to.
final class FakeDesk: RunDesk {
    struct State {
        var pipelines: [Pipeline] = []
        var isOutOfReach = false
        var runs: [PipelineRun] = []
        var asked: [String] = []
        var makeOutcome: MakeOutcome?
        var askOutcome = AskOutcome.done
        var makes = 0
        var handled: Set<String> = []
        var forgets = false
    }

    struct OutOfReach: Error {}

    private let state: Mutex<State>

    init(pipelines: [Pipeline] = [], runs: [PipelineRun] = []) {
        state = Mutex(State(pipelines: pipelines, runs: runs))
    }

    var runs: [PipelineRun] { state.withLock { $0.runs } }
    /// `cancel app-1`, in order.
    var asked: [String] { state.withLock { $0.asked } }

    func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func pipelines() async throws -> [Pipeline] {
        try state.withLock { state in
            if state.isOutOfReach { throw OutOfReach() }
            return state.pipelines
        }
    }

    func make(_ runs: [PipelineRun], remembering: Bool) async -> [MakeOutcome] {
        state.withLock { state in
            runs.map { run in
                if let outcome = state.makeOutcome { return outcome }
                state.makes += 1
                guard !state.runs.contains(where: { $0.metadata.name == run.metadata.name }) else { return .exists }
                var run = run
                run.metadata.uid = "uid-\(run.metadata.name)"
                state.runs.insert(run, at: 0)
                return .made(run)
            }
        }
    }

    func hasHandled(_ delivery: String) async throws -> Bool {
        try state.withLock { state in
            if state.isOutOfReach { throw OutOfReach() }
            return state.handled.contains(delivery)
        }
    }

    func remember(_ delivery: String) async throws {
        try state.withLock { state in
            if state.forgets { throw OutOfReach() }
            state.handled.insert(delivery)
        }
    }

    func runs(ofPullRequest number: Int, in repository: String) async throws -> [PipelineRun] {
        try state.withLock { state in
            if state.isOutOfReach { throw OutOfReach() }
            return state.runs.filter { run in
                run.metadata.labels[RunLabels.pullRequest] == String(number)
                    && run.metadata.labels[RunLabels.repository] == RunLabels.repositoryHash(repository)
            }
        }
    }

    func run(_ name: String, namespace: String?) async throws -> PipelineRun? {
        try state.withLock { state in
            if state.isOutOfReach { throw OutOfReach() }
            return state.runs.first { $0.metadata.name == name || $0.uid == name }
        }
    }

    func ask(_ verb: RunVerb, of run: PipelineRun) async -> AskOutcome {
        state.withLock { state in
            state.asked.append("\(verb) \(run.metadata.name)")
            return state.askOutcome
        }
    }
}
