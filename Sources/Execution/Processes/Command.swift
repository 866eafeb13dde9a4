/// A program to run: everything about it is said, nothing is inherited from this process.
package struct Command: Equatable, Sendable {
    /// Where what the program writes goes.
    package enum Destination: Equatable, Sendable {
        /// To who reads `StageProcess.output`.
        case stream
        /// To a new file, which replaces one that is there.
        case file(String)
        case discard
    }

    /// Where the program's errors go.
    package enum ErrorDestination: Equatable, Sendable {
        /// The same way as its output, in the order in which both were written.
        case withOutput
        /// To `StageProcess.output`, marked as `.standardError`.
        case stream
        case discard
    }

    /// A path (with a `/`), or a name that is looked up in the `PATH` of `environment`.
    package var executable: String
    /// Without the program's own name.
    package var arguments: [String]
    /// The whole environment of the program.
    package var environment: [String: String]
    package var workingDirectory: String
    package var standardOutput: Destination
    package var standardError: ErrorDestination
    /// How long the program may take, by a clock that also counts while the machine sleeps.
    package var timeout: Duration?
    /// How long the program has between SIGTERM and SIGKILL when the time is over.
    package var grace: Duration

    package init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String],
        workingDirectory: String, standardOutput: Destination = .stream, standardError: ErrorDestination = .withOutput,
        timeout: Duration? = nil, grace: Duration = .seconds(10)
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.timeout = timeout
        self.grace = grace
    }

    /// The command as a person would type it, for messages and the log.
    package var line: String {
        ([executable] + arguments).map(Command.quoted).joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./=:,@%+".utf8.contains(byte)
            }
        }
        if plain && !word.isEmpty { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
