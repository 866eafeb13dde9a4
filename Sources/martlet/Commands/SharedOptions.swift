internal import ArgumentParser

/// The flags that `run`, `controller` and `agent` have in common.
struct SharedOptions: SettingFlags {
    @OptionGroup var state: StateOption

    @Option(help: Settings.kafka.argumentHelp)
    var kafka: String?

    @Option(help: Settings.kafkaProperty.argumentHelp)
    var kafkaProperty: [String] = []

    @OptionGroup var topicPrefix: TopicPrefixOption

    @Option(help: Settings.topicPartitions.argumentHelp)
    var topicPartitions: String?

    @Option(help: Settings.slots.argumentHelp)
    var slots: String?

    @Option(help: Settings.label.argumentHelp)
    var label: [String] = []

    @Option(help: Settings.allowSecret.argumentHelp)
    var allowSecret: [String] = []

    @Option(help: Settings.secretsFolder.argumentHelp, completion: Settings.secretsFolder.completion)
    var secretsDir: String?

    @Flag(inversion: .prefixedNo, help: Settings.keepWorkspace.argumentHelp)
    var keepWorkspace: Bool?

    @Option(help: Settings.grace.argumentHelp)
    var graceSeconds: String?

    @Option(help: Settings.selfFence.argumentHelp)
    var selfFenceSeconds: String?

    @OptionGroup var output: OutputOption

    @Option(help: Settings.logLevel.argumentHelp, completion: Settings.logLevel.completion)
    var logLevel: String?

    @Option(help: Settings.logFormat.argumentHelp, completion: Settings.logFormat.completion)
    var logFormat: String?

    var given: [(name: String, texts: [String])] {
        state.given + output.given + topicPrefix.given + [
            Settings.kafka.given(kafka), Settings.kafkaProperty.given(kafkaProperty),
            Settings.topicPartitions.given(topicPartitions),
            Settings.slots.given(slots), Settings.label.given(label), Settings.allowSecret.given(allowSecret),
            Settings.secretsFolder.given(secretsDir), Settings.keepWorkspace.given(keepWorkspace),
            Settings.grace.given(graceSeconds), Settings.selfFence.given(selfFenceSeconds),
            Settings.logLevel.given(logLevel), Settings.logFormat.given(logFormat),
        ]
    }
}

/// `--listen` and what the server there needs to know.
struct WebOptions: SettingFlags {
    @Option(help: Settings.listen.argumentHelp)
    var listen: String?

    @Option(name: .customLong("external-url"), help: Settings.externalURL.argumentHelp)
    var externalURL: String?

    @Option(help: Settings.webhookSecretFile.argumentHelp, completion: Settings.webhookSecretFile.completion)
    var githubWebhookSecretFile: String?

    @Flag(inversion: .prefixedNo, help: Settings.webhookUnsigned.argumentHelp)
    var githubWebhookAllowUnsigned: Bool?

    var given: [(name: String, texts: [String])] {
        [
            Settings.listen.given(listen), Settings.externalURL.given(externalURL),
            Settings.webhookSecretFile.given(githubWebhookSecretFile),
            Settings.webhookUnsigned.given(githubWebhookAllowUnsigned),
        ]
    }
}

/// Who is told how runs go, and by what right.
struct ReportingOptions: SettingFlags {
    @Flag(inversion: .prefixedNo, help: Settings.events.argumentHelp)
    var events: Bool?

    @Option(name: .customLong("github-api-url"), help: Settings.githubAPI.argumentHelp)
    var githubAPI: String?

    @Option(name: .customLong("github-url"), help: Settings.githubURL.argumentHelp)
    var githubURL: String?

    @Option(help: Settings.githubTokenFile.argumentHelp, completion: Settings.githubTokenFile.completion)
    var githubTokenFile: String?

    @Option(name: .customLong("github-app-id"), help: Settings.githubAppID.argumentHelp)
    var githubAppID: String?

    @Option(help: Settings.githubAppKeyFile.argumentHelp, completion: Settings.githubAppKeyFile.completion)
    var githubAppKeyFile: String?

    @Option(help: Settings.slackTokenFile.argumentHelp, completion: Settings.slackTokenFile.completion)
    var slackTokenFile: String?

    @Option(
        name: .customLong("slack-webhook-url-file"), help: Settings.slackWebhookFile.argumentHelp,
        completion: Settings.slackWebhookFile.completion)
    var slackWebhookFile: String?

    @Option(help: Settings.slackChannel.argumentHelp)
    var slackChannel: String?

    @Option(name: .customLong("slack-api-url"), help: Settings.slackAPI.argumentHelp)
    var slackAPI: String?

    var given: [(name: String, texts: [String])] {
        [
            Settings.events.given(events), Settings.githubAPI.given(githubAPI), Settings.githubURL.given(githubURL),
            Settings.githubTokenFile.given(githubTokenFile), Settings.githubAppID.given(githubAppID),
            Settings.githubAppKeyFile.given(githubAppKeyFile), Settings.slackTokenFile.given(slackTokenFile),
            Settings.slackWebhookFile.given(slackWebhookFile), Settings.slackChannel.given(slackChannel),
            Settings.slackAPI.given(slackAPI),
        ]
    }
}

/// `--kafka` and what goes with it, for a command that looks at brokers beside the controller.
struct ClusterOptions: SettingFlags {
    @Option(help: Settings.kafka.argumentHelp)
    var kafka: String?

    @Option(help: Settings.kafkaProperty.argumentHelp)
    var kafkaProperty: [String] = []

    @OptionGroup var topicPrefix: TopicPrefixOption

    var given: [(name: String, texts: [String])] {
        topicPrefix.given + [Settings.kafka.given(kafka), Settings.kafkaProperty.given(kafkaProperty)]
    }
}

/// `--topic-prefix`.
struct TopicPrefixOption: SettingFlags {
    @Option(help: Settings.topicPrefix.argumentHelp)
    var topicPrefix: String?

    var given: [(name: String, texts: [String])] { [Settings.topicPrefix.given(topicPrefix)] }
}

/// `--manifests`, which only the controller has.
struct ManifestsOption: SettingFlags {
    @Option(help: Settings.manifests.argumentHelp, completion: Settings.manifests.completion)
    var manifests: String?

    var given: [(name: String, texts: [String])] { [Settings.manifests.given(manifests)] }
}

/// `--journal`, for those who have a controller inside.
struct JournalOption: SettingFlags {
    @Option(help: Settings.journal.argumentHelp, completion: Settings.journal.completion)
    var journal: String?

    var given: [(name: String, texts: [String])] { [Settings.journal.given(journal)] }
}

/// `--signing-key`, which only what has a controller in it has.
struct SigningKeyOption: SettingFlags {
    @Option(help: Settings.signingKey.argumentHelp, completion: Settings.signingKey.completion)
    var signingKey: String?

    var given: [(name: String, texts: [String])] { [Settings.signingKey.given(signingKey)] }
}

/// `--verify-key`, which only an agent has.
struct VerifyKeyOption: SettingFlags {
    @Option(help: Settings.verifyKey.argumentHelp, completion: Settings.verifyKey.completion)
    var verifyKey: [String] = []

    var given: [(name: String, texts: [String])] { [Settings.verifyKey.given(verifyKey)] }
}

/// `--agent-id`, which only an agent has.
struct AgentIDOption: SettingFlags {
    @Option(name: .customLong("agent-id"), help: Settings.agentID.argumentHelp)
    var agentID: String?

    var given: [(name: String, texts: [String])] { [Settings.agentID.given(agentID)] }
}

/// `--kubernetes` and what says which cluster.
struct KubernetesOptions: SettingFlags {
    @Flag(inversion: .prefixedNo, help: Settings.kubernetes.argumentHelp)
    var kubernetes: Bool?

    @Option(help: Settings.kubeconfig.argumentHelp, completion: Settings.kubeconfig.completion)
    var kubeconfig: String?

    @Option(help: Settings.context.argumentHelp)
    var context: String?

    var given: [(name: String, texts: [String])] {
        [
            Settings.kubernetes.given(kubernetes), Settings.kubeconfig.given(kubeconfig),
            Settings.context.given(context),
        ]
    }
}

/// What a controller in a cluster has besides.
struct LeadershipOptions: SettingFlags {
    @Option(help: Settings.namespace.argumentHelp)
    var namespace: String?

    @Option(help: Settings.watchNamespace.argumentHelp)
    var watchNamespace: String?

    @Option(help: Settings.lease.argumentHelp)
    var lease: String?

    @Option(help: Settings.identity.argumentHelp)
    var identity: String?

    @OptionGroup var installation: InstallationOption

    var given: [(name: String, texts: [String])] {
        installation.given + [
            Settings.namespace.given(namespace),
            Settings.watchNamespace.given(watchNamespace), Settings.lease.given(lease),
            Settings.identity.given(identity),
        ]
    }
}

/// `--installation`: of an agent, and of a controller with `--kubernetes`.
struct InstallationOption: SettingFlags {
    @Option(help: Settings.installation.argumentHelp)
    var installation: String?

    var given: [(name: String, texts: [String])] { [Settings.installation.given(installation)] }
}

/// `--agent-state`, which only an agent has.
struct AgentStateOption: SettingFlags {
    @Option(help: Settings.agentState.argumentHelp, completion: Settings.agentState.completion)
    var agentState: String?

    var given: [(name: String, texts: [String])] { [Settings.agentState.given(agentState)] }
}
