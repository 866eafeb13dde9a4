internal import CSupervisor
internal import Glibc

/// How a program ended, once its whole process tree was gone.
package struct ProcessExit: Equatable, Sendable, CustomStringConvertible {
    package enum Status: Equatable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    /// Who ended it.
    package enum Cause: Equatable, Sendable {
        case itself
        case timeout
        /// `terminate(grace:)`.
        case terminated
        /// `kill()`.
        case killed
        /// Somebody killed the supervisor. Processes that had left the program's group may still run.
        case supervisorLost
    }

    package var status: Status
    package var cause: Cause
    /// Processor time of the whole tree.
    package var userTime: Duration
    package var systemTime: Duration
    /// The memory of the largest process of the tree, in bytes.
    package var maxResidentBytes: Int64
    /// From the start to the end of the tree, time asleep included.
    package var elapsed: Duration
    /// How many processes were still there when the program itself ended, and were killed.
    package var leftovers: Int

    /// Whether the program ended by itself with code 0.
    package var isSuccess: Bool {
        status == .code(0) && cause == .itself
    }

    package var description: String {
        switch (cause, status) {
        case (.timeout, _): "timed out"
        case (.terminated, _): "was stopped"
        case (.killed, _): "was killed"
        case (.supervisorLost, _): "lost its supervisor"
        case (.itself, .code(let code)): "exited with code \(code)"
        case (.itself, .signal(let number)): "was ended by signal \(number)\(Self.name(ofSignal: number))"
        }
    }

    private static func name(ofSignal number: Int32) -> String {
        switch number {
        case SIGKILL: " (SIGKILL; out of memory?)"
        case SIGSEGV: " (SIGSEGV)"
        case SIGABRT: " (SIGABRT)"
        case SIGTERM: " (SIGTERM)"
        case SIGINT: " (SIGINT)"
        case SIGBUS: " (SIGBUS)"
        case SIGPIPE: " (SIGPIPE)"
        default: ""
        }
    }

    init(_ report: supervisor_report, cause: Cause, elapsed: Duration) {
        status = report.exit_signal != 0 ? .signal(report.exit_signal) : .code(report.exit_code)
        self.cause = cause
        userTime = .microseconds(report.user_microseconds)
        systemTime = .microseconds(report.system_microseconds)
        maxResidentBytes = report.max_resident_bytes
        self.elapsed = elapsed
        leftovers = Int(report.leftovers)
    }

    init(lostAfter elapsed: Duration) {
        status = .signal(SIGKILL)
        cause = .supervisorLost
        userTime = .zero
        systemTime = .zero
        maxResidentBytes = 0
        self.elapsed = elapsed
        leftovers = 0
    }
}
