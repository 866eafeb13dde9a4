extension Sample {
    /// What the schema, the rules and the model accept alike.
    static let good: [Sample] = [
        .pipeline("every field", everyField),
        .pipeline("the smallest", "{stages: [{name: lint}]}"),
        .pipeline(
            "an approval with what is the same as nothing",
            "{stages: [{name: a, approval: {}, env: [], with: {}, secrets: [], agentSelector: {}, priority: 0}]}"),
        .pipeline("no retries, for no reason", "{stages: [{name: lint, retry: {reasons: []}}]}"),
        .pipeline(
            "two secrets, and a variable of env",
            """
            {stages: [{name: a, run: x, env: [{name: A, value: x}],
              secrets: [{name: s, env: B}, {name: t, file: C}, {name: s, file: D}]}]}
            """),
        .pipeline(
            "needs in both lists",
            """
            {stages: [{name: a, run: x, needs: [b]}, {name: b, run: x}],
             finally: [{name: c, run: x}, {name: d, run: x, needs: [c]}]}
            """),
        .run("by reference", "{pipelineRef: {name: a.b}}"),
        .run("every field, inline", "{pipelineSpec: \(everyField), \(everyFieldOfARun)}"),
        .run("cancelled", "{pipelineRef: {name: a}, desiredState: Cancelled}", from: "{pipelineRef: {name: a}}"),
        .run(
            "cancelled and run again", "{pipelineRef: {name: a}, rerunCount: 1}",
            from: "{pipelineRef: {name: a}, desiredState: Cancelled}"),
        .run(
            "decided, and paused",
            """
            {pipelineRef: {name: a}, params: [{name: p, value: x}], desiredState: Paused, priority: 0,
             approvals: [{stage: s, decision: Approved}, {stage: s, rerun: 1, decision: Rejected}]}
            """, from: "{pipelineRef: {name: a}, params: [{name: p, value: x}]}"),
    ]

    private static let everyField = """
        {source: {url: "https://example.com/a.git", credentials: git},
         params: [{name: p-1, description: what, default: "1"}], timeoutSeconds: 31536000, desiredState: Suspended,
         stages: [
           {name: test, agent: test, agentSelector: {example.com/arch: arm64}, needs: [build],
            when: [{input: $(params.p-1), operator: NotIn, values: ["1", "1"]}], run: "echo é", with: {a-b: c},
            env: [{name: A, value: ""}], secrets: [{name: s.t, env: B}, {name: s, file: C}], timeoutSeconds: 1,
            retry: {limit: 10, backoffSeconds: 0, maxBackoffSeconds: 86400, reasons: [Timeout, Failure]},
            onFailure: Continue, priority: -1000,
            matrix: {axes: [{name: x, values: ["1", "2"]}], exclude: [{x: "1"}], maxParallel: 256, failFast: Disabled}},
           {name: build}, {name: ask, approval: {message: "Now?"}}],
         finally: [{name: lint}],
         triggers: [
           {push: {branches: [main], paths: ["a/**"], pathsIgnore: ["b/**"]}}, {pullRequest: {}}, {tag: {tags: ["v*"]}},
           {schedule: {cron: 0 3 * * *, timeZone: Europe/Berlin, startingDeadlineSeconds: 60}}],
         concurrency: {group: a-$(source.branch), limit: 1000, policy: CancelOlder},
         notifications: {slack: {events: [Recovered, Failed], channel: "#ci"}, github: Checks},
         successfulRunsHistoryLimit: 0, failedRunsHistoryLimit: 10000, ttlSecondsAfterFinished: 0}
        """

    private static let everyFieldOfARun = """
        source: {url: "git@example.com:a", revision: "v1.0^{commit}", ref: refs/pull/1/head, pullRequest: 1},
         params: [{name: p-1, value: ""}], priority: 1000, desiredState: Paused, rerunCount: 1000,
         approvals: [{stage: ask, rerun: 3, decision: Rejected}]
        """
}
