/// One stage of a pipeline: a script or an agent's own job, and when and how it is to run.
package struct StageSpec: Fields, Equatable {
    package enum OnFailure: String, Choice {
        /// Nothing further starts, running stages finish, the run fails.
        case halt = "Halt"
        /// What needs the stage goes on; the run ends `CompletedWithFailures`.
        case `continue` = "Continue"
    }

    package static let defaultTimeoutSeconds = 3600
    /// A script's largest size in bytes.
    package static let scriptLimit = 16_384
    /// Stages whose name alone says which kind of agent they want.
    package static let namedKinds = ["lint", "test", "build", "security"]
    /// The kind that runs scripts.
    package static let shellKind = "shell"

    package var name = ""
    /// The kind of agent wanted; see `agentKind`.
    package var agent: String?
    /// Labels that an agent must have.
    package var agentSelector = StringMap()
    package var needs: [String] = []
    package var when: [WhenClause] = []
    /// A script. Without it the agent does its own job by what the repository holds.
    package var run: String?
    /// Settings of the agent's kind.
    package var with = StringMap()
    package var env: [EnvironmentVariable] = []
    package var secrets: [SecretUse] = []
    /// One attempt, from claim to end. An approval waits without a limit of its own unless this is given.
    package var timeoutSeconds: Int?
    package var retry: Retry?
    package var onFailure = OnFailure.halt
    package var matrix: Matrix?
    package var approval: Approval?
    /// Higher goes first; added to the run's.
    package var priority = 0

    package init() {}

    package init(name: String, needs: [String] = [], run: String? = nil) {
        self.name = name
        self.needs = needs
        self.run = run
    }

    /// The kind of agent that the stage goes to: as said, else its name where that is a known kind, else `shell`.
    package var agentKind: String {
        agent ?? (Self.namedKinds.contains(name) ? name : Self.shellKind)
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("name", &name, .dnsLabel)
        visitor.text("agent", &agent, .dnsLabel)
        visitor.map("agentSelector", &agentSelector, key: .labelKey, value: .labelValue, atMost: 16)
        visitor.texts("needs", &needs, .dnsLabel, atMost: 64)
        visitor.list("when", &when, atMost: 16)
        visitor.text("run", &run, .filled(Self.scriptLimit))
        visitor.map("with", &with, key: .word, value: .any(4096), atMost: 32)
        visitor.list("env", &env, atMost: 64, uniqueBy: ["name"])
        visitor.list("secrets", &secrets, atMost: 16)
        visitor.number("timeoutSeconds", &timeoutSeconds, in: 1...31_536_000)
        visitor.object("retry", &retry)
        visitor.choice("onFailure", &onFailure, default: .halt)
        visitor.object("matrix", &matrix)
        visitor.object("approval", &approval)
        visitor.number("priority", &priority, default: 0, in: -1000...1000)
        visitor.reserved("image")
        visitor.reserved("services")
        visitor.reserved("artifacts")
    }
}

/// A condition on values known when the stage is ready: all clauses must hold, else the stage is skipped.
package struct WhenClause: Fields, Equatable {
    package enum Operator: String, Choice {
        case isIn = "In"
        case isNotIn = "NotIn"
    }

    /// May hold references.
    package var input = ""
    package var `operator` = Operator.isIn
    package var values: [String] = []

    package init() {}

    package init(_ input: String, _ operator: Operator, _ values: [String]) {
        self.input = input
        self.operator = `operator`
        self.values = values
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("input", &input, .any(1024))
        visitor.requiredChoice("operator", &`operator`)
        visitor.texts("values", &values, .any(1024), atMost: 64)
    }
}

/// An environment variable of a stage; its value may hold references.
package struct EnvironmentVariable: Fields, Equatable {
    package var name = ""
    package var value = ""

    package init() {}

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("name", &name, .identifier)
        visitor.text("value", &value, .any(4096))
    }
}

/// A secret that the agent resolves by name and puts into a variable or a file. Exactly one of the two is given.
package struct SecretUse: Fields, Equatable {
    package var name = ""
    /// The environment variable that gets the secret's value.
    package var env: String?
    /// The environment variable that gets the path of a file with the secret's value.
    package var file: String?

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("name", &name, .dnsName)
        visitor.text("env", &env, .identifier)
        visitor.text("file", &file, .identifier)
    }
}

/// How often, and how long after, a stage that failed by itself is tried again.
package struct Retry: Fields, Equatable {
    package enum Reason: String, Choice {
        case failure = "Failure"
        case timeout = "Timeout"
    }

    /// Further attempts after the first failure. Losses have a limit of their own and don't count here.
    package var limit = 0
    /// The first wait; it doubles with every failure.
    package var backoffSeconds = 1
    package var maxBackoffSeconds = 300
    package var reasons: [Reason] = [.failure, .timeout]

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.number("limit", &limit, default: 0, in: 0...10)
        visitor.number("backoffSeconds", &backoffSeconds, default: 1, in: 0...86_400)
        visitor.number("maxBackoffSeconds", &maxBackoffSeconds, default: 300, in: 0...86_400)
        visitor.choices("reasons", &reasons)
    }
}

/// Runs a stage once for every combination of its axes.
package struct Matrix: Fields, Equatable {
    package enum FailFast: String, Choice {
        case enabled = "Enabled"
        case disabled = "Disabled"
    }

    package var axes: [MatrixAxis] = []
    /// Combinations left out: those that hold all the values of an entry.
    package var exclude: [StringMap] = []
    package var maxParallel: Int?
    /// Whether the first combination to fail keeps those that have not started from starting.
    package var failFast = FailFast.enabled

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.list("axes", &axes, atMost: 8, uniqueBy: ["name"], required: true)
        visitor.maps("exclude", &exclude, key: .word, value: .any(256), atMost: 64)
        visitor.number("maxParallel", &maxParallel, in: 1...256)
        visitor.choice("failFast", &failFast, default: .enabled)
    }
}

/// One axis of a matrix, such as `python` with `3.11` and `3.12`.
package struct MatrixAxis: Fields, Equatable {
    package var name = ""
    package var values: [String] = []

    package init() {}

    package init(name: String, values: [String]) {
        self.name = name
        self.values = values
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("name", &name, .word)
        visitor.texts("values", &values, .any(256), atMost: 64)
    }
}

/// A stage that waits for a person and needs no agent.
package struct Approval: Fields, Equatable {
    /// What the person is asked.
    package var message: String?

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("message", &message, .any(1024))
    }
}
