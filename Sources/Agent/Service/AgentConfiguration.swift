internal import Glibc
package import Model

/// Everything that a user says about an agent.
package struct AgentConfiguration: Sendable {
    /// Outlives restarts; `<host>-<kind>` unless given.
    package var id: String
    /// Random, new with every start; begins with `in-process.` where the agent lives in the controller's process.
    package let instance: String
    /// What it offers, the kind of its inbox first.
    package var kinds: [String]
    /// How many stages it runs at once; by default one a core.
    package var slots: Int
    package var labels = StringMap()
    package var version = ""
    /// Keeps unheard reports, mirrors and caches across restarts; without it they live in a temporary folder, and
    /// reports in memory.
    package var stateFolder: String?
    /// Without an acknowledged presence for so long everything is killed. Below 15 a second execution is never possible.
    package var selfFenceSeconds = 120
    /// How long running stages may go on after SIGTERM.
    package var drainGraceSeconds = 600
    /// Who may use which secret; by default nobody any.
    package var secretRules = SecretRules()
    /// Secrets by name: files, or folders as Kubernetes mounts them.
    package var secretsFolder: String?
    /// Whether workspaces stay for a look.
    package var keepsWorkspaces = false
    /// What all caches together, and all mirrors together, may take on disk.
    package var cacheBytes: Int64 = 10 << 30
    package var mirrorBytes: Int64 = 20 << 30
    /// Whether sources may be folders of this machine, as in the folder home.
    package var allowsLocalSources = false

    package init(kinds: [String], id: String? = nil, isInProcess: Bool = false) {
        self.kinds = kinds
        self.id = id ?? "\(Self.hostName)-\(kinds.first ?? "agent")"
        slots = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        instance = (isInProcess ? Self.inProcessPrefix : "i.") + Self.randomName()
        allowsLocalSources = isInProcess
    }

    /// How the instances of agents in the controller's own process begin.
    package static let inProcessPrefix = "in-process."

    /// 128 random bits in hexadecimal digits.
    private static func randomName() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }

    /// The machine's, or in a cluster the pod's.
    package static var hostName: String {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What the machine's decisions depend on.
    package var settings: AgentSettings {
        var settings = AgentSettings(agent: id, instance: instance, kinds: kinds)
        settings.labels = labels
        settings.slots = slots
        settings.version = version
        settings.selfFenceSeconds = selfFenceSeconds
        settings.drainGraceSeconds = drainGraceSeconds
        settings.keepsReports = stateFolder != nil
        return settings
    }
}
