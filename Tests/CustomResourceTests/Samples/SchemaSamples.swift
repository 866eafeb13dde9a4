extension Sample {
    /// What the schema alone refuses, and the field that the refusal names.
    static let againstSchema: [Sample] = [
        .pipeline("no spec to speak of", "{}", refusal: "spec.stages"),
        .pipeline("no stages", "{stages: []}", refusal: "spec.stages"),
        .pipeline("too many stages", "{stages: [\(many("{name: a#, run: x}", 65))]}", refusal: "spec.stages"),
        .pipeline("two stages of one name", "{stages: [{name: lint}, {name: lint}]}", refusal: "spec.stages[1]"),
        .pipeline("a name that is no label", "{stages: [{name: Lint, run: x}]}", refusal: "spec.stages.name"),
        .pipeline(
            "a name that is too long", "{stages: [{name: \(many("a", 64)), run: x}]}", refusal: "spec.stages.name"),
        .pipeline("a name that is empty", "{stages: [{name: '', run: x}]}", refusal: "spec.stages.name"),
        .pipeline("a number for a text", "{stages: [{name: a, run: 1}]}", refusal: "spec.stages.run"),
        .pipeline("a text for a number", "{stages: [{name: lint, priority: '1'}]}", refusal: "spec.stages.priority"),
        .pipeline(
            "a number with a fraction", "{stages: [{name: lint, priority: 0.5}]}", refusal: "spec.stages.priority"),
        .pipeline(
            "a number that is too large", "{stages: [{name: lint, priority: 1001}]}", refusal: "spec.stages.priority"),
        .pipeline("a text for a list", "{stages: [{name: lint, needs: a}]}", refusal: "spec.stages.needs"),
        .pipeline("a need twice", "{stages: [{name: lint, needs: [a, a]}]}", refusal: "spec.stages[0].needs[1]"),
        .pipeline("a word that is none", "{stages: [{name: lint, onFailure: halt}]}", refusal: "spec.stages.onFailure"),
        .pipeline(
            "a script that is too long", "{stages: [{name: a, run: \(many("x", 16_385))}]}",
            refusal: "spec.stages.run"),
        .pipeline("an empty script", "{stages: [{name: a, run: ''}]}", refusal: "spec.stages.run"),
        .pipeline(
            "a variable with a dash", "{stages: [{name: lint, env: [{name: a-b, value: ''}]}]}",
            refusal: "spec.stages.env.name"),
        .pipeline(
            "a variable twice", "{stages: [{name: lint, env: [{name: A, value: ''}, {name: A, value: ''}]}]}",
            refusal: "spec.stages[0].env[1]"),
        .pipeline(
            "a variable without a value", "{stages: [{name: lint, env: [{name: A}]}]}", refusal: "spec.stages.env.value"
        ),
        .pipeline(
            "a label's value with a blank", "{stages: [{name: lint, agentSelector: {a: b c}}]}",
            refusal: "spec.stages.agentSelector"),
        .pipeline(
            "too many settings", "{stages: [{name: lint, with: {\(many("a#: b", 33))}}]}", refusal: "spec.stages.with"),
        .pipeline(
            "a clause without values", "{stages: [{name: lint, when: [{input: a, operator: In, values: []}]}]}",
            refusal: "spec.stages.when.values"),
        .pipeline(
            "a matrix without axes", "{stages: [{name: lint, matrix: {axes: []}}]}",
            refusal: "spec.stages.matrix.axes"),
        .pipeline(
            "an axis without values", "{stages: [{name: lint, matrix: {axes: [{name: a}]}}]}",
            refusal: "spec.stages.matrix.axes.values"),
        .pipeline(
            "a value twice", "{stages: [{name: lint, matrix: {axes: [{name: a, values: [b, b]}]}}]}",
            refusal: "spec.stages[0].matrix.axes[0].values[1]"),
        .pipeline(
            "an exclusion of everything",
            "{stages: [{name: lint, matrix: {axes: [{name: a, values: [b, c]}], exclude: [{}]}}]}",
            refusal: "spec.stages.matrix.exclude"),
        .pipeline("a reserved field", "{stages: [{name: lint, image: alpine}]}", refusal: "spec.stages.image"),
        .pipeline(
            "a trigger of two kinds", "{stages: [{name: lint}], triggers: [{push: {}, tag: {}}]}",
            refusal: "spec.triggers"),
        .pipeline("a trigger of no kind", "{stages: [{name: lint}], triggers: [{}]}", refusal: "spec.triggers"),
        .pipeline(
            "a branch twice", "{stages: [{name: lint}], triggers: [{push: {branches: [a, a]}}]}",
            refusal: "spec.triggers[0].push.branches[1]"),
        .pipeline(
            "Slack without events", "{stages: [{name: lint}], notifications: {slack: {}}}",
            refusal: "spec.notifications.slack.events"),
        .pipeline(
            "a parameter twice", "{stages: [{name: lint}], params: [{name: a}, {name: a}]}", refusal: "spec.params[1]"),
        .run("a pipeline without a name", "{pipelineRef: {}}", refusal: "spec.pipelineRef.name"),
        .run("a name that is none", "{pipelineRef: {name: a..b}}", refusal: "spec.pipelineRef.name"),
        .run("a state that is none", "{pipelineRef: {name: a}, desiredState: Stopped}", refusal: "spec.desiredState"),
        .run("a count below nothing", "{pipelineRef: {name: a}, rerunCount: -1}", refusal: "spec.rerunCount"),
        .run(
            "a revision that git takes for an option", "{pipelineRef: {name: a}, source: {revision: --all}}",
            refusal: "spec.source.revision"),
        .run(
            "a revision with a blank", "{pipelineRef: {name: a}, source: {revision: a b}}",
            refusal: "spec.source.revision"),
        .run("a ref that is none", "{pipelineRef: {name: a}, source: {ref: main}}", refusal: "spec.source.ref"),
        .run(
            "a decision that is none", "{pipelineRef: {name: a}, approvals: [{stage: s, decision: Yes}]}",
            refusal: "spec.approvals.decision"),
        .run(
            "a decision twice, once by the default",
            """
            {pipelineRef: {name: a},
             approvals: [{stage: s, decision: Approved}, {stage: s, rerun: 0, decision: Rejected}]}
            """,
            refusal: "spec.approvals[1]"),
        .run(
            "a mistake in the inline pipeline", "{pipelineSpec: {stages: [{name: Lint}]}}",
            refusal: "spec.pipelineSpec.stages.name"),
    ]

    /// The text so many times, with numbers for `#`; with commas between, unless it is a single letter.
    private static func many(_ text: String, _ count: Int) -> String {
        (0..<count).map { number in String(text.flatMap { $0 == "#" ? Array("\(number)") : [$0] }) }
            .joined(separator: text.count == 1 ? "" : ", ")
    }
}
