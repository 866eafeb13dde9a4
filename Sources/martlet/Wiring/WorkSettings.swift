internal import Agent
internal import AgentProtocol
internal import Assembly
internal import Kafka
internal import KubernetesAPI
internal import Logging
internal import Model

// What settings mean to the parts that do the work.
extension SettingValues {
    /// - Parameter quiet: Whether only warnings are logged unless the user asks for more.
    func logger(_ label: String, quiet: Bool = false) -> Logger {
        let line = logsJSON ? JSONLogLine.bytes : TextLogLine.bytes
        var logger = Logger(label: label) { LineLogHandler(label: $0, line: line) }
        let level = value(Settings.logLevel)
        logger.logLevel =
            quiet && level.origin == .fallback
            ? .warning : level.texts.last.flatMap(Logger.Level.init(rawValue:)) ?? .info
        return logger
    }

    var logsJSON: Bool { text(Settings.logFormat) == "json" }

    /// - Throws: `CommandFailure` for what librdkafka refuses, and for properties of a broker that isn't named.
    func kafka() throws -> KafkaOptions {
        var options = KafkaOptions()
        options.topics = Topics(prefix: text(Settings.topicPrefix) ?? "")
        options.partitions = number(Settings.topicPartitions) ?? Topics.defaultPartitions
        guard let brokers = text(Settings.kafka) else {
            if value(Settings.kafkaProperty).origin == .flag {
                throw CommandFailure(
                    "--\(Settings.kafkaProperty.name) says nothing without --\(Settings.kafka.name)",
                    code: CommandFailure.badInput)
            }
            return options
        }
        guard !brokers.isEmpty else {
            throw CommandFailure(
                "\(name(Settings.kafka)) is empty: name a broker, HOST:PORT, or leave it out",
                code: CommandFailure.badInput)
        }
        var settings = KafkaSettings(bootstrapServers: brokers)
        for (name, value) in pairs(Settings.kafkaProperty) { settings[name] = value }
        do {
            try settings.check()
        } catch {
            throw CommandFailure("\(name(Settings.kafkaProperty)): \(error)", code: CommandFailure.badInput)
        }
        options.cluster = settings
        return options
    }

    /// An agent of these kinds, with what the user has set for agents.
    ///
    /// - Throws: `CommandFailure` for a label or a rule that can't be understood.
    func agent(kinds: [String], id: String? = nil, isInProcess: Bool) throws -> AgentConfiguration {
        var agent = AgentConfiguration(kinds: kinds, id: id, isInProcess: isInProcess)
        agent.version = Martlet.version
        if let slots = number(Settings.slots) { agent.slots = slots }
        for (key, value) in pairs(Settings.label) {
            let complaint = TextRule.labelKey.complaint(about: key) ?? TextRule.labelValue.complaint(about: value)
            if let complaint {
                throw CommandFailure("--label \(key)=\(value): \(complaint)", code: CommandFailure.badInput)
            }
            agent.labels[key] = value
        }
        agent.secretRules = try secretRules
        agent.secretsFolder = text(Settings.secretsFolder)
        agent.keepsWorkspaces = isOn(Settings.keepWorkspace)
        if let grace = number(Settings.grace) { agent.drainGraceSeconds = grace }
        if let seconds = number(Settings.selfFence) { agent.selfFenceSeconds = seconds }
        return agent
    }

    /// A controller with these agents inside.
    func controller(agents: [AgentConfiguration], logger: Logger) throws -> ControllerOptions {
        var options = ControllerOptions(state: statePath, logger: logger)
        options.kafka = try kafka()
        options.journal = text(Settings.journal)
        options.version = Martlet.version
        // On the embedded broker they would only be in the way: it is there for this process and its agents.
        options.announcesEvents =
            value(Settings.events).texts.isEmpty ? options.kafka.cluster != nil : isOn(Settings.events)
        options.agents = agents
        options.secretRules = try secretRules
        options.secretsFolder = text(Settings.secretsFolder)
        options.signingKey = try signingKey(logger)
        return options
    }

    /// The cluster that holds the resources; nil where a folder does.
    ///
    /// - Throws: `CommandFailure` where no cluster can be found, or settings of one are given without it.
    func requireOneHome() throws {
        let cluster = text(Settings.kubeconfig) != nil ? Settings.kubeconfig : Settings.kubernetes
        guard text(Settings.manifests) != nil, text(Settings.kubeconfig) != nil || isOn(Settings.kubernetes) else {
            return
        }
        throw CommandFailure(
            "\(name(Settings.manifests)) and \(name(cluster)) exclude each other: resources have one home",
            code: CommandFailure.badInput)
    }

    func clusterHome() throws -> ClusterHome? {
        let kubeconfig = text(Settings.kubeconfig)
        guard isOn(Settings.kubernetes) || kubeconfig != nil else {
            let idle = [
                Settings.context, Settings.namespace, Settings.watchNamespace, Settings.lease, Settings.identity,
                Settings.installation,
            ]
            .first { value($0).origin == .flag }
            if let idle {
                throw CommandFailure(
                    "--\(idle.name) says nothing without --kubernetes or --kubeconfig", code: CommandFailure.badInput)
            }
            return nil
        }
        let configuration: ClusterConfiguration
        do {
            configuration = try ClusterConfiguration.find(
                kubeconfig: kubeconfig, context: text(Settings.context), environment: ProcessVariables.all)
        } catch {
            throw CommandFailure(error.description, code: CommandFailure.badInput)
        }
        for setting in [Settings.namespace, Settings.watchNamespace, Settings.lease] {
            if let name = text(setting), let complaint = TextRule.dnsName.complaint(about: name) {
                throw CommandFailure("--\(setting.name): \(complaint)", code: CommandFailure.badInput)
            }
        }
        var home = ClusterHome(
            configuration: configuration, namespace: text(Settings.namespace) ?? configuration.namespace,
            identity: text(Settings.identity) ?? AgentConfiguration.hostName)
        home.lease = text(Settings.lease) ?? home.lease
        home.watchedNamespace = text(Settings.watchNamespace)
        home.installation = text(Settings.installation)
        return home
    }

    private var secretRules: SecretRules {
        get throws {
            SecretRules(
                try value(Settings.allowSecret).texts.map { text in
                    guard let rule = SecretRules.Rule(text) else {
                        throw CommandFailure(
                            "--allow-secret \(text): must be NAME=NAMESPACE/PIPELINE, such as deploy-key=-/greeter",
                            code: CommandFailure.badInput)
                    }
                    return rule
                })
        }
    }
}
