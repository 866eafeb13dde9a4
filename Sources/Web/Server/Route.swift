/// What a path leads to.
enum Route: Equatable {
    case webhook
    case healthy
    case ready
    case metrics
    case style
    case home
    case pipelines
    case run(Name)
    case runList
    case runObject(Name)
    case runExplanation(Name)
    case pipelineList

    /// A run's. Where it is in no namespace, paths say `-`.
    struct Name: Equatable {
        var namespace: String?
        var name: String

        init(_ namespace: Substring, _ name: Substring) {
            self.namespace = namespace == "-" ? nil : String(namespace)
            self.name = String(name)
        }
    }

    init?(_ path: String) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "" else { return nil }
        switch (parts.first ?? "", parts.count) {
        case ("", 1): self = .home
        case ("healthz", 1): self = .healthy
        case ("readyz", 1): self = .ready
        case ("metrics", 1): self = .metrics
        case ("style.css", 1): self = .style
        case ("pipelines", 1): self = .pipelines
        case ("webhooks", 2) where parts.last == "github": self = .webhook
        case ("runs", 3): self = .run(Name(parts[parts.startIndex + 1], parts[parts.startIndex + 2]))
        case ("api", 3...5):
            let rest = Array(parts.dropFirst())
            switch (rest[0], rest[1], rest.count) {
            case ("v1", "runs", 2): self = .runList
            case ("v1", "pipelines", 2): self = .pipelineList
            case ("v1", "runs", 4): self = .runObject(Name(rest[2], rest[3]))
            default: return nil
            }
        case ("api", 6):
            let rest = Array(parts.dropFirst())
            guard rest[0] == "v1", rest[1] == "runs", rest[4] == "explanation" else { return nil }
            self = .runExplanation(Name(rest[2], rest[3]))
        default: return nil
        }
    }

    /// For metrics.
    var word: String {
        switch self {
        case .webhook: "webhook"
        case .healthy: "healthz"
        case .ready: "readyz"
        case .metrics: "metrics"
        case .style: "style"
        case .home: "home"
        case .pipelines: "pipelines"
        case .run: "run"
        case .runList, .runObject, .runExplanation, .pipelineList: "api"
        }
    }

    var isAPI: Bool { word == "api" }
}
