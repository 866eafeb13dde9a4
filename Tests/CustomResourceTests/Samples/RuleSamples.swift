extension Sample {
    /// Each breaks one rule and no other, and what else there is of the schema it keeps.
    static let againstRules: [Sample] = pipelinesAgainstRules + approvalsAgainstRules + runsAgainstRules

    private static let pipelinesAgainstRules: [Sample] = [
        .pipeline(
            "a need that is not there", "{stages: [{name: a, run: x, needs: [b]}]}",
            refusal: "a stage needs one that is not in stages"),
        .pipeline(
            "a need of a stage of finally", "{stages: [{name: a, run: x, needs: [f]}], finally: [{name: f, run: x}]}",
            refusal: "a stage needs one that is not in stages"),
        .pipeline(
            "a stage of finally that needs another",
            "{stages: [{name: a, run: x}], finally: [{name: f, run: x, needs: [a]}]}",
            refusal: "a stage of finally needs one that is not in finally"),
        .pipeline(
            "one name in both lists", "{stages: [{name: a, run: x}], finally: [{name: a, run: x}]}",
            refusal: "stages and finally share names"),
        .pipeline(
            "an approval in finally", "{stages: [{name: a, run: x}], finally: [{name: f, approval: {}}]}",
            refusal: "an approval can't be a stage of finally"),
        .pipeline(
            "a reserved field", "{stages: [{name: a, run: x, image: alpine}]}", refusal: "artifacts are reserved"),
        .pipeline(
            "a need of itself", "{stages: [{name: a, run: x, needs: [a]}]}", refusal: "a stage can't need itself"),
        .pipeline("nothing to do", "{stages: [{name: a}]}", refusal: "run is missing"),
        .pipeline("nothing to do in a shell", "{stages: [{name: lint, agent: shell}]}", refusal: "run is missing"),
        .pipeline(
            "nothing to do in finally", "{stages: [{name: lint}], finally: [{name: f}]}", refusal: "run is missing"),
        .pipeline(
            "a kind whose topic is taken", "{stages: [{name: a, agent: results, run: x}]}",
            refusal: "no agent can be of that kind"),
        .pipeline(
            "a secret into a variable of env",
            "{stages: [{name: a, run: x, env: [{name: A, value: x}], secrets: [{name: s, env: A}]}]}",
            refusal: "a secret's variable is also set in env"),
        .pipeline(
            "a secret's file into a variable of env",
            "{stages: [{name: a, run: x, env: [{name: A, value: x}], secrets: [{name: s, file: A}]}]}",
            refusal: "a secret's variable is also set in env"),
        .pipeline(
            "two secrets into one variable",
            "{stages: [{name: a, run: x, secrets: [{name: s, env: A}, {name: t, env: A}]}]}",
            refusal: "two secrets share a variable"),
        .pipeline(
            "a secret and a file into one variable",
            "{stages: [{name: a, run: x, secrets: [{name: s, env: A}, {name: t, file: A}]}]}",
            refusal: "two secrets share a variable"),
        .pipeline(
            "a secret that goes nowhere", "{stages: [{name: a, run: x, secrets: [{name: s}]}]}",
            refusal: "exactly one of env and file"),
        .pipeline(
            "a secret that goes to two places", "{stages: [{name: a, run: x, secrets: [{name: s, env: A, file: B}]}]}",
            refusal: "exactly one of env and file"),
        .pipeline(
            "a variable of Martlet's", "{stages: [{name: a, run: x, env: [{name: MARTLET_RUN, value: x}]}]}",
            refusal: "variables that begin with MARTLET_"),
        .pipeline(
            "a secret into a variable of Martlet's",
            "{stages: [{name: a, run: x, secrets: [{name: s, file: MARTLET_RUN}]}]}",
            refusal: "variables that begin with MARTLET_"),
        .pipeline(
            "a first wait longer than the longest",
            "{stages: [{name: a, run: x, retry: {limit: 1, backoffSeconds: 301}}]}",
            refusal: "the first wait is longer"),
        .pipeline(
            "retries for no reason", "{stages: [{name: a, run: x, retry: {limit: 1, reasons: []}}]}",
            refusal: "reasons has no item"),
    ]

    /// What no approval has.
    private static let approvalsAgainstRules: [Sample] = [
        "run: x", "agent: shell", "retry: {}", "matrix: {axes: [{name: x, values: [z]}]}", "agentSelector: {a: b}",
        "with: {a: b}", "env: [{name: A, value: x}]", "secrets: [{name: s, env: A}]", "priority: 1",
    ].map { field in
        .pipeline(
            "an approval with \(field.prefix { $0 != ":" })", "{stages: [{name: a, approval: {}, \(field)}]}",
            refusal: "an approval has no run")
    }

    private static let runsAgainstRules: [Sample] = [
        .run("neither pipeline", "{}", refusal: "exactly one of pipelineRef and pipelineSpec"),
        .run(
            "both pipelines", "{pipelineRef: {name: a}, pipelineSpec: {stages: [{name: lint}]}}",
            refusal: "exactly one of pipelineRef and pipelineSpec"),
        .run(
            "a mistake in the inline pipeline", "{pipelineSpec: {stages: [{name: lint, needs: [a]}]}}",
            refusal: "a stage needs one that is not in stages"),
        .run(
            "another pipeline", "{pipelineRef: {name: b}}", from: "{pipelineRef: {name: a}}",
            refusal: "pipelineRef can't be changed"),
        .run(
            "another script", "{pipelineSpec: {stages: [{name: a, run: z}]}}",
            from: "{pipelineSpec: {stages: [{name: a, run: x}]}}", refusal: "pipelineSpec can't be changed"),
        .run(
            "another revision", "{pipelineRef: {name: a}, source: {revision: next}}",
            from: "{pipelineRef: {name: a}, source: {revision: main}}", refusal: "source can't be changed"),
        .run(
            "a source that wasn't there", "{pipelineRef: {name: a}, source: {revision: next}}",
            from: "{pipelineRef: {name: a}}", refusal: "source can't be changed"),
        .run(
            "another value", "{pipelineRef: {name: a}, params: [{name: p, value: z}]}",
            from: "{pipelineRef: {name: a}, params: [{name: p, value: x}]}", refusal: "params can't be changed"),
        .run(
            "params taken away", "{pipelineRef: {name: a}}",
            from: "{pipelineRef: {name: a}, params: [{name: p, value: x}]}", refusal: "params can't be changed"),
        .run(
            "another priority", "{pipelineRef: {name: a}, priority: 1}", from: "{pipelineRef: {name: a}}",
            refusal: "priority can't be changed"),
        .run(
            "fewer reruns", "{pipelineRef: {name: a}, rerunCount: 1}", from: "{pipelineRef: {name: a}, rerunCount: 2}",
            refusal: "rerunCount may only grow"),
        .run(
            "a cancel taken back", "{pipelineRef: {name: a}, desiredState: Running}",
            from: "{pipelineRef: {name: a}, desiredState: Cancelled}", refusal: "a cancelled run stays so"),
        .run(
            "a cancel left out", "{pipelineRef: {name: a}}", from: "{pipelineRef: {name: a}, desiredState: Cancelled}",
            refusal: "a cancelled run stays so"),
    ]
}
