import Document

/// A CEL rule: what a schema can't say and one object can.
///
/// A server refuses a definition with a rule that may cost more than 10,000,000 by its own estimate: the product of
/// how often it may be evaluated (the `maxItems` of the lists around it) and what it may cost at most (again by
/// `maxItems`, and a tenth of four times `maxLength` for a comparison of texts). `RuleCostTests` keeps the estimates.
/// Rules may not hold functions that came after Kubernetes 1.29, nor anything whose size can't be told from the schema.
struct Rule {
    var rule: String
    var message: String
    /// The field that the message is about, below the record.
    var fieldPath: String?

    var node: Node {
        var node = Node.record([("rule", .text(rule)), ("message", .text(message))])
        if let fieldPath { node.set("fieldPath", .text(fieldPath)) }
        return node
    }

    /// By record, for specs alone: what is frozen in a status has been looked at before.
    static let all: [String: [Rule]] = [
        "PipelineSpec": [
            Rule(
                rule: """
                    self.stages.all(s, !has(s.needs) || s.needs.all(n, self.stages.exists(t, t.name == n)))
                    """,
                message: "a stage needs one that is not in stages", fieldPath: ".stages"),
            Rule(
                rule: """
                    !has(self.finally) || self.finally.all(s, !has(s.needs)
                      || s.needs.all(n, self.finally.exists(t, t.name == n)))
                    """,
                message:
                    "a stage of finally needs one that is not in finally, whose stages run once all others have ended",
                fieldPath: ".finally"),
            Rule(
                rule: "!has(self.finally) || self.finally.all(f, !self.stages.exists(s, s.name == f.name))",
                message: "stages and finally share names: one is used in both", fieldPath: ".finally"),
            Rule(
                rule: "!has(self.finally) || self.finally.all(f, !has(f.approval))",
                message: "an approval can't be a stage of finally: a cancelled run would wait for a person",
                fieldPath: ".finally"),
        ],
        "StageSpec": [
            Rule(
                rule: "!has(self.image) && !has(self.services) && !has(self.artifacts)",
                message: "image, services and artifacts are reserved: a stage runs in its agent's container"),
            Rule(
                rule: "!has(self.needs) || !(self.name in self.needs)", message: "a stage can't need itself",
                fieldPath: ".needs"),
            Rule(
                rule: """
                    has(self.run) || has(self.approval)
                      || (has(self.agent) ? self.agent != 'shell' : self.name in ['lint', 'test', 'build', 'security'])
                    """,
                message: """
                    run is missing: shell agents only run scripts. Add run, or say with agent which of lint, test, \
                    build or security it is
                    """),
            Rule(
                rule: "!has(self.agent) || !(self.agent in ['results', 'presence', 'logs', 'dead'])",
                message: "no agent can be of that kind: its topic has another use", fieldPath: ".agent"),
            Rule(
                rule: """
                    !has(self.approval) || !(has(self.run) || has(self.agent) || has(self.retry) || has(self.matrix)
                      || (has(self.agentSelector) && self.agentSelector.size() > 0)
                      || (has(self.with) && self.with.size() > 0) || (has(self.env) && self.env.size() > 0)
                      || (has(self.secrets) && self.secrets.size() > 0)
                      || (has(self.priority) && self.priority != 0))
                    """,
                message: """
                    an approval has no run, agent, agentSelector, with, env, secrets, retry, matrix or priority: no \
                    agent has a part in it
                    """),
            Rule(
                rule: """
                    !has(self.secrets) || !has(self.env) || self.secrets.all(s, !self.env.exists(e,
                      (has(s.env) && e.name == s.env) || (has(s.file) && e.name == s.file)))
                    """,
                message: "a secret's variable is also set in env", fieldPath: ".secrets"),
            Rule(
                rule: """
                    !has(self.secrets) || self.secrets.all(s,
                      (has(s.env) ? self.secrets.exists_one(t,
                        (has(t.env) && t.env == s.env) || (has(t.file) && t.file == s.env)) : true)
                      && (has(s.file) ? self.secrets.exists_one(t,
                        (has(t.env) && t.env == s.file) || (has(t.file) && t.file == s.file)) : true))
                    """,
                message: "two secrets share a variable", fieldPath: ".secrets"),
        ],
        "EnvironmentVariable": [
            Rule(
                rule: "!self.name.startsWith('MARTLET_')",
                message: "variables that begin with MARTLET_ are Martlet's own", fieldPath: ".name")
        ],
        "SecretUse": [
            Rule(
                rule: "has(self.env) != has(self.file)",
                message: """
                    exactly one of env and file names the variable that gets the value, or the path of a file with it
                    """),
            Rule(
                rule: """
                    !(has(self.env) && self.env.startsWith('MARTLET_'))
                      && !(has(self.file) && self.file.startsWith('MARTLET_'))
                    """,
                message: "variables that begin with MARTLET_ are Martlet's own"),
        ],
        "Retry": [
            Rule(
                rule: """
                    (has(self.backoffSeconds) ? self.backoffSeconds : 1)
                      <= (has(self.maxBackoffSeconds) ? self.maxBackoffSeconds : 300)
                    """,
                message: "the first wait is longer than the longest (maxBackoffSeconds, 300 by default)"),
            Rule(
                rule: "!has(self.limit) || self.limit == 0 || !has(self.reasons) || self.reasons.size() > 0",
                message: "reasons has no item, so that nothing is ever tried again", fieldPath: ".reasons"),
        ],
        "PipelineRunSpec": [
            Rule(
                rule: "has(self.pipelineRef) != has(self.pipelineSpec)",
                message: "exactly one of pipelineRef and pipelineSpec says what runs"),
            .immutable("pipelineRef"), .immutable("pipelineSpec"), .immutable("source"), .immutable("params"),
            Rule(
                rule: """
                    (has(self.priority) ? self.priority : 0) == (has(oldSelf.priority) ? oldSelf.priority : 0)
                    """,
                message: "priority can't be changed once the run exists", fieldPath: ".priority"),
            Rule(
                rule: """
                    (has(self.rerunCount) ? self.rerunCount : 0) >= (has(oldSelf.rerunCount) ? oldSelf.rerunCount : 0)
                    """,
                message: "rerunCount may only grow", fieldPath: ".rerunCount"),
            Rule(
                rule: """
                    !(has(oldSelf.desiredState) && oldSelf.desiredState == 'Cancelled')
                      || (has(self.desiredState) && self.desiredState == 'Cancelled')
                      || (has(self.rerunCount) ? self.rerunCount : 0)
                        > (has(oldSelf.rerunCount) ? oldSelf.rerunCount : 0)
                    """,
                message: "a cancelled run stays so; raise rerunCount to run it again", fieldPath: ".desiredState"),
        ],
    ]

    /// Set once, when the run is made.
    private static func immutable(_ field: String) -> Rule {
        Rule(
            rule: """
                has(self.\(field)) == has(oldSelf.\(field))
                  && (!has(self.\(field)) || self.\(field) == oldSelf.\(field))
                """,
            message: "\(field) can't be changed once the run exists", fieldPath: ".\(field)")
    }
}
