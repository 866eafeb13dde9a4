/// What a stage without a `run` is going to do: commands in order, and how to read what each reports.
package struct KindPlan: Equatable, Sendable {
    package struct Step: Equatable, Sendable {
        package var executable: String
        package var arguments: [String]
        /// On top of the stage's environment.
        package var environment: [String: String] = [:]
        /// Where the tool's standard output goes if it is the report; else it is shown.
        package var outputFile: String?
        package var reading: Reading = .exitCode
        /// What the tool means by its exit codes.
        package var codes = ExitCodes()

        package init(
            _ executable: String, _ arguments: [String], environment: [String: String] = [:],
            outputFile: String? = nil, reading: Reading = .exitCode, codes: ExitCodes = ExitCodes()
        ) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.outputFile = outputFile
            self.reading = reading
            self.codes = codes
        }

        package var line: String {
            Command(executable, arguments, environment: [:], workingDirectory: "/").line
        }
    }

    package enum Reading: Equatable, Sendable {
        /// Nothing but the exit code.
        case exitCode
        case lint(LintReport, file: String)
        case security(SecurityReport, file: String)
        /// JUnit files; those that are missing are passed over if any is there.
        case junit([String])
        case unittest, cargoTest, goTest
        /// A file that holds the digest of the image that was pushed.
        case digest(file: String, image: String)
        /// A file that holds the reference of the image as `name@sha256:…`.
        case reference(file: String)
    }

    /// Which exit codes say that the tool found something, and which that it broke.
    package struct ExitCodes: Equatable, Sendable {
        package enum Meaning: Equatable, Sendable {
            case clean
            case findings
            case broken(String)
        }

        /// Codes that mean findings (or failed tests).
        package var findings: Set<Int32> = [1]
        /// What other codes mean, for the message.
        package var explained: [Int32: String] = [:]
        /// Whether codes are sums of pylint's: 1 fatal, 2 error, 4 warning, 8 refactor, 16 convention, 32 usage.
        package var isPylint = false

        package init(findings: Set<Int32> = [1], explained: [Int32: String] = [:], isPylint: Bool = false) {
            self.findings = findings
            self.explained = explained
            self.isPylint = isPylint
        }

        /// - Parameter lastLine: The last that the tool has printed: where nothing else explains the code, it may.
        package func meaning(of code: Int32, lastLine: String = "") -> Meaning {
            let unexplained = "it exited with code \(code)" + (lastLine.isEmpty ? "" : ": \(lastLine)")
            if code == 0 { return .clean }
            if isPylint {
                if code & 32 != 0 { return .broken("it was called wrongly, or its settings are wrong") }
                return code < 32 ? .findings : .broken(unexplained)
            }
            if findings.contains(code) { return .findings }
            return .broken(explained[code] ?? unexplained)
        }
    }

    /// What makes a stage fail that ran to its end.
    package enum Threshold: Equatable, Sendable {
        /// An exit code other than 0, or a failed test.
        case exitCode
        case level(Finding.Level?)
        case severity(Finding.Severity?)
    }

    package var steps: [Step]
    /// For the log: what was passed over and why.
    package var notes: [String] = []
    package var threshold: Threshold = .exitCode
    /// Where findings are kept as SARIF.
    package var sarif: String?

    package init(steps: [Step], notes: [String] = [], threshold: Threshold = .exitCode, sarif: String? = nil) {
        self.steps = steps
        self.notes = notes
        self.threshold = threshold
        self.sarif = sarif
    }
}
