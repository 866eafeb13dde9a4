/// One thing that a user may set: as a flag, as a variable, or as a line of a `.env` file, in this order of precedence.
struct Setting: Sendable {
    enum Shape: Sendable {
        case text
        case number(ClosedRange<Int>)
        case flag
        /// Said more than once as a flag; separated by commas in a variable.
        case list
        /// Likewise, but each is a path rather than `KEY=VALUE`.
        case files
        case choice([String])
    }

    /// The flag without its dashes; also names the variable.
    let name: String
    let shape: Shape
    let fallback: String?
    let help: String
    let placeholder: String
    let isSecret: Bool
    /// Whether it is a flag, too: a secret that is one would be seen by all who list processes.
    let hasFlag: Bool
    /// The commands that know it.
    let commands: [String]

    /// `MARTLET_KAFKA_PROPERTY` for `kafka-property`.
    var variable: String {
        "MARTLET_" + String(name.map { $0 == "-" ? "_" : Character($0.uppercased()) })
    }

    init(
        _ name: String, _ shape: Shape = .text, fallback: String? = nil, placeholder: String = "VALUE",
        isSecret: Bool = false, hasFlag: Bool = true, in commands: [String], _ help: String
    ) {
        self.name = name
        self.shape = shape
        self.fallback = fallback
        self.help = help
        self.placeholder = placeholder
        self.isSecret = isSecret
        self.hasFlag = hasFlag
        self.commands = commands
    }
}

/// The one table of settings.
enum Settings {
    private static let homes = ["run", "controller"]
    private static let workers = ["run", "controller", "agent"]
    private static let all = ["run", "controller", "agent", "get", "describe", "logs", "cancel"]

    static let state = Setting(
        "state", fallback: ".martlet", placeholder: "DIR", in: all,
        "The state folder: what has been observed, logs, the embedded broker's address.")
    static let manifests = Setting(
        "manifests", placeholder: "DIR", in: ["controller"], "The folder of manifests to follow.")
    static let kafka = Setting(
        "kafka", placeholder: "HOST:PORT,…", in: workers,
        "Kafka brokers. Without it an embedded broker starts in the process, or the state folder's is joined.")
    static let kafkaProperty = Setting(
        "kafka-property", .list, placeholder: "KEY=VALUE", isSecret: true, in: workers,
        "Any librdkafka property, such as security.protocol=SASL_SSL. May be repeated.")
    static let topicPrefix = Setting(
        "topic-prefix", fallback: "", placeholder: "TEXT", in: workers + ["broker"],
        "Put before the name of every topic, for several installations on one cluster.")
    static let topicPartitions = Setting(
        "topic-partitions", .number(1...10_000), fallback: "32", placeholder: "N", in: workers,
        "Partitions of the topics that are made.")
    static let output = Setting(
        "output", .choice(["text", "json"]), fallback: "text", placeholder: "text|json", in: all,
        "How results are printed.")
    static let slots = Setting(
        "slots", .number(1...1000), placeholder: "N", in: workers,
        "How many stages an agent runs at once; by default one for each processor core.")
    static let label = Setting(
        "label", .list, placeholder: "KEY=VALUE", in: workers,
        "A label that stages may select agents by. May be repeated.")
    static let agentID = Setting(
        "agent-id", placeholder: "ID", in: ["agent"],
        "The agent's name, the same after a restart; by default made of the host's name and the kind.")
    static let installation = Setting(
        "installation", placeholder: "ID", in: ["controller", "agent"],
        "Names what belongs together, where no state folder does; in a cluster by default the namespace's UID.")
    static let kubernetes = Setting(
        "kubernetes", .flag, in: ["controller", "logs"],
        "Resources are in the Kubernetes API, of the cluster around this process or the one that kubectl would ask.")
    static let kubeconfig = Setting(
        "kubeconfig", placeholder: "FILE", in: ["controller", "logs"],
        "Resources are in the Kubernetes API that this file names.")
    static let context = Setting(
        "context", placeholder: "NAME", in: ["controller", "logs"],
        "Another context of the kubeconfig than its current one.")
    static let namespace = Setting(
        "namespace", placeholder: "NAME", in: ["controller"],
        "The namespace of the Lease, which says who of several controllers leads; by default the process's own.")
    static let watchNamespace = Setting(
        "watch-namespace", placeholder: "NAME", in: ["controller"],
        "Only this namespace's pipelines and runs; by default those of all.")
    static let lease = Setting(
        "lease", fallback: "martlet-controller", placeholder: "NAME", in: ["controller"],
        "The Lease's name; controllers of one installation share it.")
    static let identity = Setting(
        "identity", placeholder: "NAME", in: ["controller"],
        "Names this process in the Lease, before a random word; by default the host's name.")
    static let agentState = Setting(
        "agent-state", placeholder: "DIR", in: ["agent"],
        "The agent's own folder: unsent results, mirrors, caches; by default within the state folder.")
    static let allowSecret = Setting(
        "allow-secret", .list, placeholder: "NAME=NAMESPACE/PIPELINE", in: workers,
        "Lets a pipeline's stages use a secret; `-` stands for no namespace, `*` for any. May be repeated.")
    static let secretsFolder = Setting(
        "secrets-dir", placeholder: "DIR", in: workers,
        "Where secrets are mounted, a file each. Without it they are read from MARTLET_SECRET_… variables.")
    static let signingKey = Setting(
        "signing-key", placeholder: "FILE", in: homes,
        "The private key that signs what agents are told; `martlet keys generate` makes one.")
    static let verifyKey = Setting(
        "verify-key", .files, placeholder: "FILE", in: ["agent"],
        "A public key; the agent obeys only what one of them has signed. May be repeated.")
    static let keepWorkspace = Setting(
        "keep-workspace", .flag, in: workers, "Leaves each stage's workspace for a look.")
    static let grace = Setting(
        "grace-seconds", .number(0...86_400), fallback: "30", placeholder: "SECONDS", in: workers,
        "How long running stages may go on after a signal to stop.")
    static let selfFence = Setting(
        "self-fence-seconds", .number(5...86_400), fallback: "120", placeholder: "SECONDS", in: workers,
        "An agent that Kafka has not heard for so long ends its stages.")
    static let journal = Setting(
        "journal", placeholder: "FILE", in: homes,
        "Adds every input and decision to a file, for `martlet replay`.")
    static let logLevel = Setting(
        "log-level", .choice(["trace", "debug", "info", "notice", "warning", "error"]), fallback: "info",
        placeholder: "LEVEL", in: workers, "How much is logged on standard error.")

    static let logFormat = Setting(
        "log-format", .choice(["text", "json"]), fallback: "text", placeholder: "text|json", in: workers,
        "How the log is written: lines for people, or a JSON object a line.")

    static let events = Setting(
        "events", .flag, in: ["controller"],
        "Publishes what happens to runs as CDEvents on the topic martlet.events; by default with --kafka alone.")

    // The web server, and who is told.
    static let listen = Setting(
        "listen", placeholder: "HOST:PORT", in: ["controller"],
        "Serves webhooks, the status page, its API, health and metrics there. It asks nobody who they are.")
    static let externalURL = Setting(
        "external-url", placeholder: "URL", in: ["controller"],
        "How people reach the status page, for links in notifications.")
    static let webhookSecret = Setting(
        "github-webhook-secret", isSecret: true, hasFlag: false, in: ["controller"],
        "What GitHub signs its webhooks with; two lines while one replaces the other.")
    static let webhookSecretFile = Setting(
        "github-webhook-secret-file", placeholder: "FILE", in: ["controller"],
        "A file with the secret that GitHub signs its webhooks with; two lines while one replaces the other.")
    static let webhookUnsigned = Setting(
        "github-webhook-allow-unsigned", .flag, in: ["controller"],
        "Takes webhooks that nobody has signed: whoever reaches the port can start runs. For trying things out.")
    static let githubAPI = Setting(
        "github-api-url", fallback: "https://api.github.com", placeholder: "URL", in: ["controller"],
        "GitHub's API; of an Enterprise Server https://HOST/api/v3.")
    static let githubURL = Setting(
        "github-url", placeholder: "URL", in: ["controller"],
        "Where GitHub's repositories and pages are; by default it follows from --github-api-url.")
    static let githubToken = Setting(
        "github-token", isSecret: true, hasFlag: false, in: ["controller"],
        "A token for commit statuses, and to ask who may write to a repository.")
    static let githubTokenFile = Setting(
        "github-token-file", placeholder: "FILE", in: ["controller"],
        "A file with a token for commit statuses, and to ask who may write to a repository.")
    static let githubAppID = Setting(
        "github-app-id", placeholder: "ID", in: ["controller"], "The id of the GitHub App that writes check runs.")
    static let githubAppKeyFile = Setting(
        "github-app-key-file", placeholder: "FILE", in: ["controller"], "The GitHub App's private key, in PEM form.")
    static let slackToken = Setting(
        "slack-token", isSecret: true, hasFlag: false, in: ["controller"],
        "A Slack bot's token: one message a run, which is kept up to date.")
    static let slackTokenFile = Setting(
        "slack-token-file", placeholder: "FILE", in: ["controller"],
        "A file with a Slack bot's token: one message a run, which is kept up to date.")
    static let slackWebhook = Setting(
        "slack-webhook-url", isSecret: true, hasFlag: false, in: ["controller"],
        "The URL of a Slack incoming webhook: one message at a run's end.")
    static let slackWebhookFile = Setting(
        "slack-webhook-url-file", placeholder: "FILE", in: ["controller"],
        "A file with the URL of a Slack incoming webhook: one message at a run's end.")
    static let slackChannel = Setting(
        "slack-channel", placeholder: "CHANNEL", in: ["controller"],
        "Where messages go whose pipeline names no channel: its id, or #name.")
    static let slackAPI = Setting(
        "slack-api-url", fallback: "https://slack.com/api", placeholder: "URL", in: ["controller"], "Slack's API.")

    static let table = [
        state, manifests, kafka, kafkaProperty, topicPrefix, topicPartitions, slots, label, agentID,
        installation, kubernetes, kubeconfig, context, namespace, watchNamespace, lease, identity,
        agentState, allowSecret,
        secretsFolder, signingKey, verifyKey, keepWorkspace, grace, selfFence, journal, output, logLevel,
        logFormat, events, listen, externalURL, webhookSecret, webhookSecretFile, webhookUnsigned, githubAPI, githubURL,
        githubToken, githubTokenFile, githubAppID, githubAppKeyFile, slackToken, slackTokenFile, slackWebhook,
        slackWebhookFile, slackChannel, slackAPI,
    ]
}
