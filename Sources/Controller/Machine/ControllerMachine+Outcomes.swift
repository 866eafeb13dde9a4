internal import Model
internal import Planning

// How the last run of each ref has ended: what tells a recovery from a success.
extension ControllerMachine {
    /// How the run before this one had ended.
    func formerOutcome(of run: PipelineRun) -> Condition.Status {
        guard let name = run.spec.pipelineRef?.name else { return .unknown }
        return outcomes[key(name, run.metadata.namespace)]?[RefOutcome.ref(of: run)] ?? .unknown
    }

    /// Notes an end that is stored, and has it stored with the pipeline where it says something new.
    ///
    /// The run's status comes first: should this process end in between, the next one finds the run and notes it then.
    mutating func noteOutcome(of uid: String) {
        guard let run = runs[uid]?.run else { return }
        note([run])
    }

    /// After a listing: ends that nobody has noted.
    mutating func noteOutcomes(of runs: [PipelineRun]) {
        note(
            runs.filter(\.status.isFinished).sorted { left, right in
                guard let one = left.status.completionTime, let other = right.status.completionTime, one != other
                else { return left.uid < right.uid }
                return one < other
            })
    }

    private mutating func note(_ ended: [PipelineRun]) {
        var news: Set<String> = []
        for run in ended {
            guard let name = run.spec.pipelineRef?.name, let outcome = RefOutcome(run) else { continue }
            let key = key(name, run.metadata.namespace)
            guard pipelines[key] != nil else { continue }
            if outcomes[key, default: RefOutcomes()].note(outcome) { news.insert(key) }
        }
        for key in news.sorted() {
            guard let pipeline = pipelines[key], let known = outcomes[key] else { continue }
            var patch = PipelinePatch(name: pipeline.metadata.name, namespace: pipeline.metadata.namespace)
            patch.outcomes = known.all
            actions.append(.patch(patch))
        }
    }
}
