/// What `kubectl explain` says about each field, by record and field. docs/manifests.md says the same at length.
enum Descriptions {
    static let pipeline = "Says which stages a repository goes through."
    static let run = "Asks for one pass through a pipeline."

    static let all = pipelines.merging(stages) { $1 }.merging(runs) { $1 }.merging(status) { $1 }

    private static let pipelines = [
        "Pipeline.spec": "What the user asks for.",
        "Pipeline.status": "What has been observed. The controller alone writes it.",
        "PipelineSpec.source": "The repository. Without one, stages get an empty workspace.",
        "PipelineSource.url": "https, ssh, http, git, or git's short form git@host:path; without a password or token.",
        "PipelineSource.credentials": "The name of a secret that the agent resolves.",
        "PipelineSpec.params": "Parameters that runs give values to.",
        "ParamSpec.name": "Used as $(params.NAME), and as a variable in scripts.",
        "ParamSpec.description": "What it is for.",
        "ParamSpec.default": "Its value where a run gives none. Without it each run has to give one.",
        "PipelineSpec.timeoutSeconds": "How long a run may take in all, waiting included.",
        "PipelineSpec.desiredState": "Runs of a suspended pipeline wait before they start.",
        "PipelineSpec.stages": "The stages. Each starts once those that it needs have ended.",
        "PipelineSpec.finally": """
        Stages that run once all others have ended, whatever came of them, after a cancel too.
        """,
        "PipelineSpec.triggers":
            "What starts a run by itself. Each has exactly one of push, pullRequest, tag and schedule.",
        "Trigger.push": "A push to a branch.",
        "Trigger.pullRequest": "A pull request that is opened or changed.",
        "Trigger.tag": "A tag that is pushed.",
        "Trigger.schedule": "A time.",
        "RefFilter.branches": "Globs over names of branches, without refs/heads/. None lets every branch pass.",
        "RefFilter.paths": "Globs over changed files: one has to match. None lets every change pass.",
        "RefFilter.pathsIgnore": "Globs over changed files: a change of these alone starts nothing.",
        "TagFilter.tags": "Globs over names of tags. None lets every tag pass.",
        "Schedule.cron": "Five fields, as a CronJob has them.",
        "Schedule.timeZone": "A name such as Europe/Berlin. UTC when absent.",
        "Schedule.startingDeadlineSeconds": "How late a missed start may still be made up for.",
        "PipelineSpec.concurrency": "How many runs may be active at once.",
        "Concurrency.group": "Runs of the same group count together. May hold references to params, run and source.",
        "Concurrency.limit": "How many runs of the group may be active at once.",
        "Concurrency.policy": """
        What becomes of a run that comes when the group is full: it waits, takes the place of older ones, or is \
        rejected.
        """,
        "PipelineSpec.notifications": "Who is told how runs go.",
        "NotificationSpec.slack": "A Slack channel.",
        "NotificationSpec.github": "Commit statuses, check runs, or nothing on GitHub.",
        "SlackSpec.events": "Which outcomes are told.",
        "SlackSpec.channel": "Without it the channel that the controller is configured with.",
        "PipelineSpec.successfulRunsHistoryLimit": "How many succeeded runs are kept. All when absent.",
        "PipelineSpec.failedRunsHistoryLimit": "How many failed runs are kept. All when absent.",
        "PipelineSpec.ttlSecondsAfterFinished": "How long a run is kept once it has ended. Without limit when absent.",
    ]

    private static let stages = [
        "StageSpec.name": "Unique among stages and finally.",
        "StageSpec.agent": """
        The kind of agent that does the work. By default the stage's name if that is lint, test, build or security, \
        else shell.
        """,
        "StageSpec.agentSelector": "Labels that the agent must have.",
        "StageSpec.needs": "Stages that have to end first.",
        "StageSpec.when": "All of these must hold, else the stage is skipped.",
        "WhenClause.input": "What is compared. May hold references.",
        "WhenClause.operator": "Whether input has to be one of values, or none of them.",
        "WhenClause.values": "What it is compared with, as text. May hold references.",
        "StageSpec.run": """
        A script, run by its shebang, else by bash -eo pipefail. Without it the agent does its kind's own job. \
        References are not replaced in it: use variables such as $MARTLET_PARAM_NAME.
        """,
        "StageSpec.with": "Settings of the agent's kind. Values may hold references.",
        "StageSpec.env": "Environment variables.",
        "EnvironmentVariable.name": "Without the prefix MARTLET_.",
        "EnvironmentVariable.value": "May hold references.",
        "StageSpec.secrets": "Secrets that the agent resolves and hides in the log.",
        "SecretUse.name": "The secret's name.",
        "SecretUse.env": "The variable that gets the secret's value.",
        "SecretUse.file": "The variable that gets the path of a file with the secret's value.",
        "StageSpec.timeoutSeconds": """
        How long one attempt may take. 3600 when absent; an approval then waits without limit.
        """,
        "StageSpec.retry": "How often, and how long after, the stage is tried again when it fails by itself.",
        "Retry.limit": "Further attempts after the first failure.",
        "Retry.backoffSeconds": "The wait before the second attempt. It doubles with every failure.",
        "Retry.maxBackoffSeconds": "The longest wait.",
        "Retry.reasons": "Which failures are tried again. Both when absent.",
        "StageSpec.onFailure": """
        Halt: nothing further starts, and the run fails. Continue: what needs the stage goes on as if it had succeeded.
        """,
        "StageSpec.matrix": "Runs the stage once for every combination.",
        "Matrix.axes": "The last one changes fastest.",
        "MatrixAxis.name": "Used as $(matrix.NAME), and as a variable in scripts.",
        "MatrixAxis.values": "Its values.",
        "Matrix.exclude": "Values by axis: a combination that has all those of an entry is left out.",
        "Matrix.maxParallel": "How many combinations hold an agent at once. All when absent.",
        "Matrix.failFast": "Enabled: once one combination fails, those that haven't started are skipped.",
        "StageSpec.approval":
            "Makes it a stage that waits for a person's word in the run's approvals, and needs no agent.",
        "Approval.message": "What the person is asked.",
        "StageSpec.priority": "Higher goes first. Added to the run's.",
        "StageSpec.image": "Reserved for a later version.",
        "StageSpec.services": "Reserved for a later version.",
        "StageSpec.artifacts": "Reserved for a later version.",
    ]

    private static let runs = [
        "PipelineRun.spec": """
        What the user asks for. desiredState, rerunCount and approvals may change at any time, the rest never.
        """,
        "PipelineRun.status": "What has been observed and decided. The controller alone writes it.",
        "PipelineRunSpec.pipelineRef": "The Pipeline, in the run's namespace. One that isn't there yet is waited for.",
        "PipelineReference.name": "Its name.",
        "PipelineRunSpec.pipelineSpec": "A pipeline of the run's own, instead of pipelineRef.",
        "PipelineRunSpec.source": "What is checked out.",
        "RunSource.url": "The repository. The pipeline's when absent.",
        "RunSource.revision":
            "A branch, a tag, a full commit id or a full ref. The repository's default branch when absent.",
        "RunSource.ref": "The full ref that the revision came from, such as refs/heads/main.",
        "RunSource.pullRequest": "The number of the pull request that the revision came from.",
        "RunSource.trust":
            "Who may have written what is checked out. Of a Fork it is anybody: such a run gets no secrets, and only agents with the label martlet.dev/forks=allowed.",
        "PipelineRunSpec.params": "Values of the pipeline's parameters.",
        "Param.name": "The name.",
        "Param.value": "The value.",
        "PipelineRunSpec.priority": "Higher goes first.",
        "PipelineRunSpec.desiredState": """
        Paused: nothing new starts. Cancelled: what runs is stopped, and the run ends; only rerunCount takes that back.
        """,
        "PipelineRunSpec.rerunCount": """
        May only grow. Each step runs failed, cancelled and skipped stages again, and all that need them.
        """,
        "PipelineRunSpec.approvals": "What people have said about approval stages.",
        "ApprovalDecision.stage": "The approval stage.",
        "ApprovalDecision.rerun": "The rerunCount that the decision is for: a rerun asks anew.",
        "ApprovalDecision.decision": "What was said.",
    ]

    private static let status = [
        "PipelineStatus.observedGeneration": "The generation of the spec that this is about.",
        "PipelineStatus.conditions": "Ready: whether the pipeline can be run.",
        "PipelineStatus.lastScheduleTime": "The last time by the schedule that a run was made for.",
        "PipelineStatus.outcomes": "How the last run of each ref ended.",
        "RefOutcome.ref": "The ref.",
        "RefOutcome.run": "The run's name.",
        "RefOutcome.time": "When that run ended.",
        "RefOutcome.succeeded": "How it ended.",
        "Condition.type": "What the condition is about.",
        "Condition.status": "Whether it holds.",
        "Condition.observedGeneration": "The generation of the spec that this is about.",
        "Condition.lastTransitionTime": "When status last changed.",
        "Condition.reason": "One word for programs.",
        "Condition.message": "A sentence for people.",
        "PipelineRunStatus.observedGeneration": "The generation of the spec that this is about.",
        "PipelineRunStatus.conditions": """
        Accepted: whether the spec makes sense. Succeeded: Unknown while the run is active, then how it ended.
        """,
        "PipelineRunStatus.source": "The commit that every stage checks out.",
        "ResolvedSource.url": "The repository.",
        "ResolvedSource.revision": "The full id of the commit.",
        "ResolvedSource.ref": "The ref, where there is one.",
        "PipelineRunStatus.pipelineSpec": "The pipeline as it was when the run started, for a pipelineRef.",
        "PipelineRunStatus.specHash": "Tells whether the part of the spec has changed that must not.",
        "PipelineRunStatus.observedRerun": "The rerunCount that has been acted on.",
        "PipelineRunStatus.stages": "Where each stage stands, in the pipeline's order.",
        "StageStatus.id": "The stage's name, or test.3 for the fourth combination of its matrix.",
        "StageStatus.state": "Where it stands.",
        "StageStatus.reason": "One word for programs.",
        "StageStatus.message": "A sentence for people: why it waits, what went wrong.",
        "StageStatus.attempt": "The number of the present attempt. It only rises.",
        "StageStatus.failures": "Attempts that failed by themselves since the last rerun.",
        "StageStatus.losses": "Attempts lost with their agent since the last rerun.",
        "StageStatus.agent": "The agent that has or had the present attempt.",
        "StageStatus.instance": "The start of that agent's process.",
        "StageStatus.digest": "Of what the agent was told to do.",
        "StageStatus.queuedTime": "When the stage became ready for its present attempt.",
        "StageStatus.assignedTime": "When it was given to the agent.",
        "StageStatus.startTime": "When the agent began.",
        "StageStatus.completionTime": "When it ended.",
        "StageStatus.results": "What it has reported, for $(stages.STAGE.results.NAME).",
        "StageStatus.retryAt": "It is not tried again before this time.",
        "StageStatus.logs": "Where the log of its last attempt is.",
        "PipelineRunStatus.startTime": "When the run started.",
        "PipelineRunStatus.completionTime": "When it ended. Absent while it is active.",
        "PipelineRunStatus.progress": "Stages ended of all stages.",
        "PipelineRunStatus.notifications": "What has been told, and to whom.",
        "PipelineRunStatus.formerOutcome":
            "How the last run of the same pipeline and ref had ended when this one did. A success after a failure is a recovery.",
        "NotificationRecord.target": "Who was told.",
        "NotificationRecord.event": "What was told.",
        "NotificationRecord.reference": "What the target calls it.",
        "NotificationRecord.time": "When.",
    ]
}
