internal import CSupervisor
internal import Glibc

/// What the event thread knows of one program and its supervisor. Used on that thread only.
final class HeldProcess {
    /// The kinds of descriptors of one process; a token is the process's number times eight plus this.
    enum Source: UInt64 {
        case control = 0
        case output = 1
        case error = 2
        case timer = 3
        case supervisor = 4
    }

    struct Pipe {
        var descriptor: OpenDescriptor
        var source: Source
        var stream: OutputChunk.Stream { source == .output ? .standardOutput : .standardError }
    }

    let number: UInt64
    let command: Command
    let path: String
    let control: ProcessControl
    let startedAt = BootClock().now
    var supervisor: pid_t
    var supervisorEnd: OpenDescriptor?
    var process: pid_t = 0
    var pipes: [Pipe] = []
    /// What was still in the pipes when the tree was gone.
    var rest: [OutputChunk] = []
    var exit: ProcessExit?
    var reader: CheckedContinuation<OutputChunk?, Never>?
    var waiters: [CheckedContinuation<ProcessExit, Never>] = []
    /// Whether the program could be started, once that is known.
    var answer: StartError??
    var starter: CheckedContinuation<StartError?, Never>?
    /// Whether nobody will ask for anything of it any more.
    var isReleased = false

    init(number: UInt64, command: Command, path: String, control: ProcessControl, supervisor: pid_t) {
        self.number = number
        self.command = command
        self.path = path
        self.control = control
        self.supervisor = supervisor
    }

    func token(_ source: Source) -> UInt64 {
        number << 3 | source.rawValue
    }
}

/// Some of what a program wrote.
package struct OutputChunk: Equatable, Sendable {
    package enum Stream: Equatable, Sendable {
        case standardOutput
        case standardError
    }

    package var stream: Stream
    package var bytes: [UInt8]
}
