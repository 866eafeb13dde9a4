internal import AgentProtocol
internal import Controller
internal import Model
internal import Planning

/// Sees everything that happens in a world, knows what nobody in it can know, and says which rule doesn't hold.
final class Judge {
    /// One attempt as it was really run.
    struct Execution {
        var id: Int
        var fence: Fence
        var digest: String
        var instance: String
        unowned var agent: AgentProcess
        var startedAt: Int64
        var endedAt: Int64?
        /// Since when the store doesn't want it any more, or not yet.
        var unwantedSince: Int64?
    }

    /// What the store has bound an attempt to.
    struct Bond: Equatable {
        var instance: String
        var digest: String
    }

    /// That a run has ended; again after each rerun.
    struct Ending {
        var uid: String
        var time: Timestamp
        var succeeded: Bool
    }

    unowned let world: World
    private(set) var violations: [Violation] = []
    var isOver = false
    var executions: [Execution] = []
    /// Those that have not ended.
    var running: [Int] = []
    private var startedOnce: Set<String> = []
    var bonds: [Fence: Bond] = [:]
    /// When an attempt was first published or stored, and when stored.
    var bondTimes: [Fence: Int64] = [:]
    var bindings: [Fence: Int64] = [:]
    var accepted: [Fence: Int] = [:]
    var graphs: [String: StageGraph] = [:]
    /// When somebody last asked something of a run.
    var wishes: [String: Int64] = [:]
    /// By controller's identity: when it last asked for the ends of what there is to read.
    var askedAt: [String: Int64] = [:]
    /// By partition, then controller's identity: what has been read.
    var readUpTo: [String: Int] = [:]
    /// What agents have been told to stop: instance, fence and digest.
    private(set) var stopped: Set<String> = []
    var passedOver: [String: Int64] = [:]
    var published: [String: (digest: String, at: Int64)] = [:]
    /// How runs of pipelines have ended, by pipeline.
    var endings: [String: [Ending]] = [:]
    var quietSince: Int64?
    /// How many runs at the beginning have ended for good.
    var endedRuns = 0

    init(_ world: World) {
        self.world = world
    }

    var executionCount: Int { executions.count }

    func violated(_ rule: String, _ detail: String) {
        world.note("VIOLATED: \(rule): \(detail)")
        violations.append(Violation(rule: rule, detail: detail, time: world.now))
    }

    // MARK: Executions

    func started(_ assignment: Assignment, _ agent: AgentProcess) -> Int {
        let fence = assignment.fence
        let id = executions.count
        world.note("\(agent.instance) runs \(fence) (\(assignment.digest.prefix(6))) as #\(id)#")
        executions.append(
            Execution(
                id: id, fence: fence, digest: assignment.digest, instance: agent.instance, agent: agent,
                startedAt: world.now))
        running.append(id)
        if !startedOnce.insert("\(agent.instance) \(fence)").inserted {
            violated("an instance runs a fence once", "\(fence) again at \(agent.instance)")
        }
        if agent.runningCount >= agent.plan.slots {
            violated("never more stages than slots", "\(fence) at \(agent.instance)")
        }
        if stopped.contains("\(agent.instance) \(fence) \(assignment.digest)") {
            violated("what was stopped doesn't start", "\(fence) at \(agent.instance)")
        }
        if assignment.instance != agent.instance {
            violated("an agent runs what is for it", "\(fence) for \(assignment.instance) at \(agent.instance)")
        }
        judgeWanted(id)
        return id
    }

    func ended(_ id: Int, _ result: String) {
        world.note("\(executions[id].instance) has ended \(executions[id].fence), #\(id)#: \(result)")
        executions[id].endedAt = world.now
        running.removeAll { $0 == id }
    }

    func hears(_ message: ControllerMessage, _ agent: AgentProcess) {
        guard case .stop(let stop) = message, stop.instance == agent.instance else { return }
        stopped.insert("\(stop.instance) \(stop.fence) \(stop.digest)")
    }

    /// The process of an agent ends: what it has not got rid of has to be on its disk.
    func agentEnds(_ agent: AgentProcess) {
        guard agent.plan.keepsReports, !agent.isPaused else { return }
        for (number, at) in agent.unheard.sorted(by: { $0.key < $1.key })
        where at < world.now - milliseconds(25) && !agent.isKept(number) {
            violated("a result is kept until the broker has it", "report \(number) of \(agent.instance) is nowhere")
        }
    }

    // MARK: What is wanted

    func judgeWanted(of uid: String) {
        for id in running where executions[id].fence.run == uid { judgeWanted(id) }
    }

    private func judgeWanted(_ id: Int) {
        let isWanted = isWanted(executions[id])
        if isWanted {
            executions[id].unwantedSince = nil
        } else if executions[id].unwantedSince == nil {
            executions[id].unwantedSince = world.now
        }
    }

    private func isWanted(_ execution: Execution) -> Bool {
        let fence = execution.fence
        guard let run = world.store.run(fence.run), let stage = run.status[stage: fence.stage], stage.state.isBound,
            stage.attempt == fence.attempt, stage.digest == execution.digest, stage.instance == execution.instance
        else { return false }
        guard run.spec.desiredState == .cancelled else { return true }
        return isFinally(fence.stage, of: run)
    }

    private func isFinally(_ stage: String, of run: PipelineRun) -> Bool {
        guard let graph = graph(of: run), let place = graph.place(of: stage) else { return false }
        return graph.stages[place].isFinally
    }

    /// The stages of a run that has started.
    func graph(of run: PipelineRun) -> StageGraph? {
        if let graph = graphs[run.uid] { return graph }
        guard let spec = run.status.pipelineSpec ?? run.spec.pipelineSpec, let graph = try? StageGraph(spec) else {
            return nil
        }
        graphs[run.uid] = graph
        return graph
    }

    /// The kind of agent that a stage goes to.
    func kind(of stage: String, in run: PipelineRun) -> String {
        guard let graph = graph(of: run), let place = graph.place(of: stage) else { return "" }
        return graph.stages[place].kind
    }

    // MARK: What people do

    func created(_ run: PipelineRun) { world.note("somebody asks for \(run.uid)") }

    func wants(_ run: PipelineRun) {
        wishes[run.uid] = world.now
        judgeWanted(of: run.uid)
    }

    func deleted(_ uid: String) {
        wishes[uid] = world.now
        judgeWanted(of: uid)
    }
}
