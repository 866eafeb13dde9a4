internal import Document
internal import Glibc

/// What a benchmark found; absent figures don't apply to it.
struct Measurement {
    var benchmark: String
    var home: String?
    /// How many things were measured.
    var n: Int
    /// In microseconds.
    var samples: [Double] = []
    var perSecond: Double?
    var cpuMillisecondsPerRun: Double?
    /// To the API server.
    var writesPerRun: Double?
    /// Of the finished object.
    var etcdBytesPerRun: Double?
    /// What `docs/design.md` asks for, as a sentence.
    var goal: String

    func percentile(_ share: Double) -> Double? {
        guard !samples.isEmpty else { return nil }
        let sorted = samples.sorted()
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    func show(asJSON: Bool) {
        asJSON ? print(json) : print(table)
    }

    private var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("benchmark")
        writer.string(benchmark)
        if let home {
            writer.key("home")
            writer.string(home)
        }
        writer.key("n")
        writer.int(n)
        for (name, figure) in figures {
            writer.key(name)
            writer.double(figure)
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private var figures: [(String, Double)] {
        var figures: [(String, Double)] = []
        if let value = percentile(0.5) { figures.append(("p50_ms", Self.rounded(value / 1000))) }
        if let value = percentile(0.99) { figures.append(("p99_ms", Self.rounded(value / 1000))) }
        if let perSecond { figures.append(("per_second", Self.rounded(perSecond))) }
        if let cpu = cpuMillisecondsPerRun { figures.append(("cpu_ms_per_run", Self.rounded(cpu))) }
        if let writes = writesPerRun { figures.append(("writes_per_run", Self.rounded(writes))) }
        if let bytes = etcdBytesPerRun { figures.append(("etcd_bytes_per_run", Self.rounded(bytes))) }
        return figures
    }

    private static func rounded(_ value: Double) -> Double {
        (value * 10_000).rounded() / 10_000
    }

    private var table: String {
        var lines = ["\(benchmark)\(home.map { " (\($0) home)" } ?? "")", "  n                   \(n)"]
        for (name, figure) in figures {
            lines.append("  " + name + String(repeating: " ", count: max(1, 20 - name.count)) + "\(figure)")
        }
        lines.append("  goal                \(goal)")
        return lines.joined(separator: "\n")
    }
}

/// Microseconds since some moment.
func uptime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
}

/// Milliseconds of processor time that this process has used, children not counted.
func processorTime() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    func milliseconds(_ time: timeval) -> Double { Double(time.tv_sec) * 1e3 + Double(time.tv_usec) / 1e3 }
    return milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime)
}
