import Glibc
import Model

/// What stages have done outside of Martlet, as their scripts wrote it down: one line at the beginning, one at the end.
struct Effects {
    /// One execution of an attempt, by one agent's process.
    struct Execution: Hashable {
        var fence: Fence
        var agent: pid_t
    }

    private(set) var began: [Execution] = []
    private(set) var ended: [Execution] = []

    init(_ text: String) throws {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let fence = Fence(String(words[1])), let agent = pid_t(words[2]) else {
                throw Unmet("not a line of the effects: \(line)")
            }
            let execution = Execution(fence: fence, agent: agent)
            if words[0] == "began" { began.append(execution) } else { ended.append(execution) }
        }
    }

    func executions(of stage: String, in run: String) -> [Execution] {
        began.filter { $0.fence.run == run && $0.fence.stage == stage }
    }

    func hasEnded(_ fence: Fence) -> Bool { ended.contains { $0.fence == fence } }

    /// What one agent's process has begun more than once.
    var repeated: [Execution] {
        var seen: Set<Execution> = []
        return began.filter { !seen.insert($0).inserted }
    }

    /// Finds out which process runs the script: the parent of its supervisor. `/proc` shows it whoever asks.
    static let findAgent =
        #"while read -r key value; do [[ $key != PPid: ]] || agent=$value; done < /proc/$PPID/status"#
}
