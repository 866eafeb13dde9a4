import AgentProtocol
import Model

@testable import Agent

let me = "i.1"
let start = AgentTime(wall: Timestamp(seconds: 1_800_000_000), uptime: 1_000_000_000)

extension AgentTime {
    func after(_ seconds: Double) -> AgentTime {
        let delta = Int64(seconds * 1_000_000)
        return AgentTime(wall: wall.adding(microseconds: delta), uptime: uptime + delta)
    }
}

extension AgentSettings {
    static func sample(slots: Int = 2) -> AgentSettings {
        var settings = AgentSettings(agent: "a", instance: me, kinds: ["shell", "noop"])
        settings.slots = slots
        return settings
    }
}

func fence(_ number: Int) -> Fence { Fence(run: "run", stage: "s\(number)", attempt: 1) }

func assignment(_ number: Int, for instance: String = me, _ change: (inout StageWork) -> Void = { _ in }) -> Assignment
{
    var work = StageWork()
    work.run = "r"
    work.pipeline = "web"
    work.stage = "s\(number)"
    work.title = "s\(number)"
    work.kind = "shell"
    work.script = "true"
    change(&work)
    return Assignment(fence: fence(number), instance: instance, work: work)
}

func stop(_ assignment: Assignment, reason: String = "the run was cancelled") -> ControllerMessage {
    .stop(Stop(fence: assignment.fence, instance: assignment.instance, digest: assignment.digest, reason: reason))
}

func outcome(_ result: StageOutcome.Result = .succeeded, _ message: String? = nil) -> StageOutcome {
    StageOutcome(result, message: message)
}

extension AgentEvent {
    static func assign(_ number: Int) -> AgentEvent { .channel(.message(.assign(assignment(number)))) }
    static func message(_ message: ControllerMessage) -> AgentEvent { .channel(.message(message)) }
    static let ready = AgentEvent.channel(.ready(inboxPartition: 3))
    static func ended(_ number: Int, _ outcome: StageOutcome = outcome()) -> AgentEvent {
        .workEnded(fence(number), outcome)
    }
}

extension AgentAction {
    /// What it does, in a word or two; nil for what only tells the shell when to look again.
    var short: String? {
        switch self {
        case .send(let report, let number):
            switch report.event {
            case .claimed: "claimed \(report.fence.stage) #\(number)"
            case .declined(let reason): "declined \(report.fence.stage) #\(number): \(reason)"
            case .progress(let message): "progress \(report.fence.stage) #\(number): \(message)"
            case .finished(let outcome):
                "finished \(report.fence.stage) #\(number): \(outcome.result.rawValue)"
                    + (outcome.reason.map { "/\($0)" } ?? "")
            }
        case .mention(let report):
            if case .progress(let message) = report.event { "progress \(report.fence.stage): \(message)" } else { "?" }
        case .announce(let presence):
            "presence \(presence.sequence) slots=\(presence.slots) held=[\(presence.held.map { $0.fence }.joined(separator: " "))]"
                + (presence.isDraining ? " draining" : "") + (presence.isLeaving ? " leaving" : "")
        case .start(let assignment): "start \(assignment.fence.stage)"
        case .terminate(let fence, let grace): "terminate \(fence.stage) \(grace)"
        case .kill(let fence): "kill \(fence.stage)"
        case .keep(let report, let number): "keep \(report.fence.stage) #\(number)"
        case .drop(let number): "drop #\(number)"
        case .wake, .expectTraffic: nil
        case .exit: "exit"
        }
    }
}

typealias StageOutcome = Model.StageOutcome
