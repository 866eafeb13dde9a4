import AgentProtocol
import Model
import Planning

@testable import Controller

/// A controller machine between a store and agents that do what a test tells them, with a clock that a test moves.
struct World {
    var machine: ControllerMachine
    var uptime: Int64 = 1_000_000_000
    var wall = Timestamp(seconds: 1_790_000_000)
    /// What the store holds, by UID.
    var stored: [String: PipelineRun] = [:]
    var version = 0
    /// Writes not yet answered.
    var writes: [StatusWrite] = []
    var writeCount = 0
    /// Messages to agents not yet taken by a test.
    var sent: [ControllerMessage] = []
    var tokens: [Int] = []
    var commits: [ResultsPosition] = []
    var observed: [PipelineRun] = []
    var happenings: [Happening] = []
    var lookUps: [String] = []
    /// Runs that were to be deleted, in their order.
    var deletions: [RunReference] = []
    var resolves: [String] = []
    var warnings: [String] = []
    var unplaced: [Placement.Unplaced] = []
    var passedOver: [PassedOver] = []
    /// What was to be stored of pipelines.
    var patches: [PipelinePatch] = []
    /// What attempts found, with the attempt's state in the run that came with it.
    var annotations: [(fence: Fence, state: StageStatus.State?, annotations: [Annotation])] = []
    var offset: Int64 = 0
    /// Of the last presence of each instance.
    var sequences: [String: Int] = [:]
    /// All that the machine was given and said.
    var steps: [JournalStep] = []
    /// Whether writes are answered as soon as they are made.
    var answersWrites = true
    var acknowledges = true
    /// Whether runs are deleted as soon as that is asked for, and the store tells it.
    var answersDeletions = true

    init(_ configuration: ControllerConfiguration = ControllerConfiguration()) {
        machine = ControllerMachine(configuration: configuration)
    }

    var now: Moment { Moment(wall: wall, uptime: uptime) }

    mutating func step(_ inputs: ControllerInput...) {
        var pending = inputs
        repeat {
            let actions = machine.step(pending, at: now)
            steps.append(JournalStep(at: now, inputs: pending, actions: actions))
            pending = []
            for action in actions { perform(action, &pending) }
        } while !pending.isEmpty
    }

    private mutating func perform(_ action: ControllerAction, _ pending: inout [ControllerInput]) {
        switch action {
        case .write(let write):
            writeCount += 1
            if answersWrites { pending.append(.wrote(uid: write.uid, answer(write))) } else { writes.append(write) }
        case .delete(let run):
            deletions.append(run)
            if answersDeletions { pending += delete(run) }
        case .publish(let message, _):
            sent.append(message)
            if case .assign(let assignment) = message, acknowledges {
                pending.append(.published(fence: assignment.fence, digest: assignment.digest, delivered: true))
            }
        case .commit(let positions): commits += positions
        case .catchUp(let token): tokens.append(token)
        case .resolve(let uid, _): resolves.append(uid)
        case .lookUp(let uid): lookUps.append(uid)
        case .observed(let run, let happenings, let isStored):
            observed.append(run)
            if isStored { self.happenings += happenings }
        case .unplaced(let stages): unplaced = stages.map(\.why)
        case .warn(let warning): warnings.append("\(warning)")
        case .passedOver(let instances): passedOver = instances
        case .patch(let patch): patches.append(patch)
        case .annotated(let fence, of: let run, let annotations):
            self.annotations.append((fence, run.status[stage: fence.stage]?.state, annotations))
        case .reportToAll, .expectTraffic, .stale: break
        }
    }

    /// The store's answer to a write: compare and swap.
    mutating func answer(_ write: StatusWrite) -> WriteOutcome {
        guard var run = stored[write.uid] else { return .gone }
        guard run.metadata.resourceVersion == write.resourceVersion else { return .conflict(run) }
        version += 1
        run.status = write.status
        run.metadata.resourceVersion = "\(version)"
        stored[write.uid] = run
        return .stored(resourceVersion: "\(version)")
    }

    /// The store's answer to a deletion, and what it tells then.
    mutating func delete(_ run: RunReference) -> [ControllerInput] {
        guard let stored = stored[run.uid] else { return [.deleted(uid: run.uid, .gone)] }
        guard stored.metadata.resourceVersion == run.resourceVersion else {
            return [.deleted(uid: run.uid, .conflict)]
        }
        self.stored[run.uid] = nil
        return [.deleted(uid: run.uid, .deleted), .store(.runGone(uid: run.uid))]
    }

    mutating func answerWrites() {
        let writes = writes
        self.writes = []
        for write in writes { step(.wrote(uid: write.uid, answer(write))) }
    }

    /// A user's change of a run's spec.
    mutating func change(_ uid: String, tell: Bool = true, _ edit: (inout PipelineRunSpec) -> Void) {
        guard var run = stored[uid] else { return }
        edit(&run.spec)
        version += 1
        run.metadata.resourceVersion = "\(version)"
        run.metadata.generation = (run.metadata.generation ?? 1) + 1
        stored[uid] = run
        if tell { step(.store(.run(run))) }
    }

    mutating func list(_ runs: PipelineRun..., pipelines: [Pipeline] = []) {
        for run in runs {
            version += 1
            var run = run
            run.metadata.resourceVersion = "\(version)"
            stored[run.uid] = run
        }
        let all = stored.keys.sorted().compactMap { stored[$0] }
        step(.store(.listed(runs: all, pipelines: pipelines)))
    }

    mutating func pass(seconds count: Int) {
        for _ in 0..<count {
            uptime += 1_000_000
            wall = wall.adding(seconds: 1)
            step(.woke)
        }
    }

    // MARK: Agents

    mutating func presence(
        _ agent: String, instance: String? = nil, kind: String = "shell", slots: Int = 4, sequence: Int? = nil,
        held: [Assignment] = [], isLeaving: Bool = false
    ) {
        var presence = Presence()
        presence.agent = agent
        presence.instance = instance ?? "\(agent)-1"
        presence.sequence = sequence ?? sequences[presence.instance, default: 0] + 1
        sequences[presence.instance] = presence.sequence
        presence.kinds = [kind]
        presence.slots = slots
        presence.held = held.map { HeldFence(fence: $0.fence, digest: $0.digest) }
        presence.isLeaving = isLeaving
        step(.channel(.presence(presence)))
    }

    @discardableResult
    mutating func says(_ event: AgentReport.Event, of assignment: Assignment, digest: String? = nil) -> ResultsPosition
    {
        offset += 1
        let position = ResultsPosition(partition: 0, offset: offset)
        let report = AgentReport(
            fence: assignment.fence, agent: "a", instance: assignment.instance, digest: digest ?? assignment.digest,
            event: event)
        step(.channel(.report(report, at: position)))
        return position
    }

    mutating func claims(_ assignment: Assignment) { says(.claimed(at: wall), of: assignment) }

    mutating func finishes(_ assignment: Assignment, _ result: StageOutcome.Result = .succeeded) {
        says(.finished(StageOutcome(result)), of: assignment)
    }

    /// The assignments sent since the last call.
    mutating func takeAssignments() -> [Assignment] {
        let taken = sent.compactMap { if case .assign(let assignment) = $0 { assignment } else { nil } }
        sent.removeAll { if case .assign = $0 { true } else { false } }
        return taken
    }

    mutating func takeStops() -> [String] {
        let taken = sent.compactMap { if case .stop(let stop) = $0 { stop.fence } else { nil } }
        sent.removeAll { if case .stop = $0 { true } else { false } }
        return taken
    }

    func stage(_ id: String, of uid: String = "u1") -> StageStatus? { stored[uid]?.status[stage: id] }
    func reason(of uid: String = "u1") -> String? { stored[uid]?.status.succeeded?.reason }
}

/// A run of stages named a, b, c … that follow each other, or of those given.
func sampleRun(_ uid: String = "u1", stages: [StageSpec]? = nil, chain count: Int = 1) -> PipelineRun {
    var spec = PipelineRunSpec()
    var pipeline = PipelineSpec()
    let names = ["a", "b", "c", "d", "e"].prefix(count)
    pipeline.stages =
        stages
        ?? zip(names, [nil] + names.dropLast().map(Optional.some)).map { name, before in
            StageSpec(name: name, needs: before.map { [$0] } ?? [], run: "true")
        }
    spec.pipelineSpec = pipeline
    var metadata = Metadata(name: "run-\(uid)", uid: uid, creationTimestamp: Timestamp(seconds: 1_789_999_990))
    metadata.generation = 1
    return PipelineRun(metadata: metadata, spec: spec)
}
