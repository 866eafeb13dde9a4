/// One attempt of a stage, as the agent hands it on: everything is resolved, nothing is looked up any more.
package struct StageJob: Sendable {
    package struct Source: Equatable, Sendable {
        package var url: String
        /// A whole commit id.
        package var commit: String
        /// Where the commit can be found if no branch or tag has it: `refs/pull/7/head`.
        package var ref: String?
        package var credentials: GitCredentials?

        package init(url: String, commit: String, ref: String? = nil, credentials: GitCredentials? = nil) {
            self.url = url
            self.commit = commit
            self.ref = ref
            self.credentials = credentials
        }
    }

    /// Names the attempt's folder; the fence.
    package var name: String
    package var kind: String
    /// The stage's `run`.
    package var script: String?
    /// The stage's `with`.
    package var settings: [String: String] = [:]
    /// The stage's `env` and the `MARTLET_…` variables.
    package var variables: [String: String] = [:]
    /// Secrets by the environment variable that holds them. Their values are hidden in all that comes back.
    package var secretVariables: [String: String] = [:]
    /// Secrets by the name of a file in `$MARTLET_SECRETS`.
    package var secretFiles: [String: [UInt8]] = [:]
    /// What must not be seen either, though the stage is given it in another way.
    package var otherSecrets: [[UInt8]] = []
    /// Nil for an empty workspace.
    package var source: Source?
    /// Stages of different trust never share a cache.
    package var trust = "default"
    /// From the start of `run`, the checkout included, by a clock that counts while the machine sleeps.
    package var timeout: Duration = .seconds(3600)
    /// Between SIGTERM and SIGKILL at the time-out.
    package var grace: Duration = .seconds(10)
    /// Leaves the attempt's folder for a look.
    package var keepsWorkspace = false

    package init(name: String, kind: String, script: String? = nil) {
        self.name = name
        self.kind = kind
        self.script = script
    }
}

/// What came of an attempt. Every secret in it is hidden.
package struct StageOutcome: Equatable, Sendable {
    package enum Ending: Equatable, Sendable {
        case succeeded
        /// By its own doing: a code other than 0, a failed test, findings above the threshold, a wrong setting.
        case failed
        case timedOut
        /// `stop` or `kill`.
        case cancelled
        /// By this machine's or the network's doing. `isRetriable`: the same attempt may do better later.
        case broken(isRetriable: Bool)
    }

    package struct Report: Equatable, Sendable {
        package var name: String
        package var bytes: [UInt8]
    }

    package var ending: Ending
    /// Why it did not succeed, in a sentence; else empty.
    package var message = ""
    package var exitCode: Int32?
    package var results: [ResultsFile.Result] = []
    package var findings = Findings()
    package var tests: TestReport?
    package var reports: [Report] = []
    /// Of all programs of the attempt.
    package var userTime: Duration = .zero
    package var systemTime: Duration = .zero
    package var maxResidentBytes: Int64 = 0
    /// Until the checkout was there; and whether something had to be fetched for it.
    package var checkoutTime: Duration?
    package var hasFetched = false
    /// Where the attempt's folder is, if it was kept.
    package var workspace: String?

    package init(_ ending: Ending, message: String = "") {
        self.ending = ending
        self.message = message
    }
}
