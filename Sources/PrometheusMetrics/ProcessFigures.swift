internal import Glibc

/// What the kernel says of this process, under the names that Prometheus' own libraries use.
package struct ProcessFigures: Equatable, Sendable {
    package var cpuSeconds = 0.0
    package var residentBytes = 0.0
    package var virtualBytes = 0.0
    package var openFiles: Int?
    package var maxFiles: Double?
    /// Seconds since 1970.
    package var startTime: Double?

    package init() {}

    /// As they are now; nil where there is no `/proc`.
    package static func current() -> ProcessFigures? {
        guard let stat = contents("/proc/self/stat") else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        var figures = reading(stat, ticks: ticks, pageSize: Double(sysconf(Int32(_SC_PAGESIZE))))
        figures?.openFiles = countOfOpenFiles()
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            figures?.maxFiles = limit.rlim_cur == .max ? .infinity : Double(limit.rlim_cur)
        }
        if let sinceBoot = figures?.startTime, let boot = contents("/proc/stat").flatMap(bootTime) {
            figures?.startTime = boot + sinceBoot
        } else {
            figures?.startTime = nil
        }
        return figures
    }

    /// What `/proc/self/stat` says; `startTime` as it is there, since the machine's start.
    static func reading(_ stat: String, ticks: Double, pageSize: Double) -> ProcessFigures? {
        // The second field is the program's name in parentheses, which may hold anything.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        func field(_ number: Int) -> Double? {
            // The first after the name is the third of the line.
            fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil
        }
        guard let user = field(14), let system = field(15), let start = field(22), let virtual = field(23),
            let resident = field(24)
        else { return nil }
        var figures = ProcessFigures()
        figures.cpuSeconds = (user + system) / ticks
        figures.startTime = start / ticks
        figures.virtualBytes = virtual
        figures.residentBytes = resident * pageSize
        return figures
    }

    static func bootTime(_ stat: String) -> Double? {
        for line in stat.split(separator: "\n") where line.hasPrefix("btime ") {
            return Double(line.dropFirst("btime ".count))
        }
        return nil
    }

    private static func countOfOpenFiles() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        // `.`, `..`, and the folder's own.
        var count = -3
        while readdir(folder) != nil { count += 1 }
        return count
    }

    private static func contents(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 1 << 20 {
            let count = read(file, &buffer, buffer.count)
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension MetricsRegistry {
    /// Adds `process_…`.
    package func addProcess() {
        let cpu = MetricFamily("process_cpu_seconds_total", .counter, "User and system CPU time spent, in seconds.")
        let resident = MetricFamily("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.")
        let virtual = MetricFamily("process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.")
        let open = MetricFamily("process_open_fds", .gauge, "Number of open file descriptors.")
        let most = MetricFamily("process_max_fds", .gauge, "Maximum number of open file descriptors.")
        let start = MetricFamily(
            "process_start_time_seconds", .gauge, "Start time of the process since the Unix epoch, in seconds.")
        collect { collection in
            guard let figures = ProcessFigures.current() else { return }
            collection.add(cpu, figures.cpuSeconds)
            collection.add(resident, figures.residentBytes)
            collection.add(virtual, figures.virtualBytes)
            if let count = figures.openFiles { collection.add(open, Double(count)) }
            if let limit = figures.maxFiles { collection.add(most, limit) }
            if let time = figures.startTime { collection.add(start, time) }
        }
    }
}
