import Controller
import Glibc
import Model
import Planning
import PrometheusMetrics
import Telemetry
import Testing

/// All metrics there are, held against Prometheus' own conventions and the documentation.
@Suite
struct PrometheusTests {
    private static let promtool: String? = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
        access($0, X_OK) == 0
    }

    /// Everything, with at least one sample each.
    private func everything() async -> String {
        let registry = MetricsRegistry()
        var gauges = ControllerGauges()
        gauges.kinds = [ControllerGauges.Kind(kind: "lint")]
        let filled = gauges
        let metrics = ControllerMetrics(in: registry, gauges: { filled })
        var ready = stage("lint", .succeeded, attempt: 1, started: 3, ended: 4)
        ready.queuedTime = at(2)
        metrics.observed(run().started(1, ready), happenings: [], isStored: true)
        metrics.observed(
            run().started(1, ready).ended(5, Reason.succeeded, .true),
            happenings: [
                .stageEnded(stage: "lint", state: .succeeded, reason: "", message: nil),
                .stageRetried(stage: "lint", failures: 1, at: at(9)), .stageDeclined(stage: "lint", reason: ""),
                .runEnded(succeeded: true, reason: Reason.succeeded, message: ""),
            ], isStored: true)
        var kafka = KafkaFigures()
        kafka.isUp = true
        kafka.resultsLag = 0
        kafka.producers = [KafkaFigures.Producer(name: "messages")]
        kafka.faults = [KafkaFigures.Fault(reason: "unsigned", count: 1)]
        let link = kafka
        registry.addKafka { link }
        var cluster = ClusterFigures()
        cluster.requests = [ClusterFigures.Requests(method: "GET", code: "2xx", count: 3)]
        let api = cluster
        registry.addCluster { api }
        let server = ServerMetrics(in: registry)
        server.answered(method: "GET", route: "/", code: 200, seconds: 0.01)
        server.answeredWebhook(event: "push", code: 202, seconds: 0.01)
        server.notified(target: "slack", outcome: "told")
        registry.addEvents(EventAnnouncer(installation: "here", publisher: Nobody()))
        registry.addBuild(version: "1")
        registry.addProcess()
        return await registry.render()
    }

    private struct Nobody: EventPublisher {
        func publish(_ event: CloudEvent, key: String) async -> Bool { true }
    }

    @Test
    func `promtool finds nothing to complain of`() async throws {
        guard let promtool = Self.promtool else {
            let isCI = getenv("CI").map { String(cString: $0) } == "true"
            if isCI { Issue.record("promtool is missing: scripts/install-dependencies installs it") }
            return
        }
        let path = "/tmp/martlet-metrics-\(getpid()).txt"
        let file = try #require(fopen(path, "w"))
        fputs(await everything(), file)
        fclose(file)
        defer { unlink(path) }
        let answer = try #require(popen("\(promtool) check metrics < \(path) 2>&1", "r"))
        var said = ""
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), answer) != nil {
            said += String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        #expect(pclose(answer) == 0 && said.isEmpty, "\(said)")
    }

    @Test
    func `every metric is documented, and every documented one is there`() async throws {
        let documented = try Self.names(inTablesOf: Self.page("metrics.md"))
        let shown = await everything().split(separator: "\n").compactMap { line -> String? in
            line.hasPrefix("# TYPE ") ? line.split(separator: " ").dropFirst(2).first.map(String.init) : nil
        }
        #expect(documented == shown.sorted())
    }

    private static func page(_ name: String) throws -> String {
        let parts = #filePath.split(separator: "/").dropLast(3)
        let path = "/" + parts.joined(separator: "/") + "/docs/\(name)"
        let file = try #require(fopen(path, "r"), "\(path) is missing")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte >= 0 { bytes.append(UInt8(byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The first cells of tables' rows, where they are names in backquotes.
    private static func names(inTablesOf page: String) -> [String] {
        page.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("| `") else { return nil }
            return line.dropFirst(3).prefix { $0 != "`" }.description
        }
        .sorted()
    }
}
