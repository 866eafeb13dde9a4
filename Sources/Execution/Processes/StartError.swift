internal import CSupervisor
internal import Glibc

/// Why a program could not be started. Nothing of it runs, and nothing is left behind.
package enum StartError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No program of that name is on the `PATH` that was given.
    case notFound(program: String, path: String)
    /// The program is there but can't be run: `reason` is the system's, as "Permission denied".
    case notExecutable(program: String, reason: String, code: Int32)
    case workingDirectory(path: String, reason: String)
    /// An argument or an environment variable holds a zero byte, or a name holds `=`.
    case invalidText(String)
    /// The machine has no more processes, memory or descriptors.
    case resources(SystemError)

    /// Whether the same call can succeed a little later with nothing else changed.
    package var isRetriable: Bool {
        if case .resources = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .notFound(let program, let path): "no program `\(program)` on PATH (\(path))"
        case .notExecutable(let program, let reason, _): "cannot run `\(program)`: \(reason)"
        case .workingDirectory(let path, let reason): "cannot work in \(path): \(reason)"
        case .invalidText(let what): "\(what) is not valid for a program"
        case .resources(let error): "cannot start a process: \(error)"
        }
    }

    init(_ report: supervisor_report, of command: Command, at path: String) {
        let code = report.error_number
        let reason = SystemError.reason(code)
        switch UInt32(bitPattern: report.step) {
        case SUPERVISOR_STEP_EXEC.rawValue where code == EAGAIN || code == ENOMEM:
            self = .resources(SystemError("exec \(path)", code: code))
        case SUPERVISOR_STEP_EXEC.rawValue:
            // ENOENT of a program that is there means the interpreter of its first line (`#!`) is not.
            let missing = code == ENOENT && access(path, F_OK) == 0
            self = .notExecutable(
                program: command.executable, reason: missing ? "the interpreter it names is missing" : reason,
                code: code)
        case SUPERVISOR_STEP_DIRECTORY.rawValue:
            self = .workingDirectory(path: command.workingDirectory, reason: reason)
        default:
            self = .resources(SystemError("start", code: code))
        }
    }
}
