/// One thing a tool found in a checkout.
package struct Finding: Equatable, Sendable {
    /// How much it matters, as forges show it.
    package enum Level: Int, Comparable, Sendable {
        case notice, warning, error

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        package var name: String {
            switch self {
            case .notice: "notice"
            case .warning: "warning"
            case .error: "error"
            }
        }
    }

    /// How bad a weakness is, as scanners rate it.
    package enum Severity: Int, Comparable, CaseIterable, Sendable {
        case unknown, low, medium, high, critical

        package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }

        package init(_ text: String) {
            switch text.lowercased() {
            case "critical": self = .critical
            case "high": self = .high
            case "medium", "moderate": self = .medium
            case "low", "info", "negligible": self = .low
            default: self = .unknown
            }
        }

        package var name: String {
            switch self {
            case .unknown: "unknown"
            case .low: "low"
            case .medium: "medium"
            case .high: "high"
            case .critical: "critical"
            }
        }

        package var level: Level {
            switch self {
            case .critical, .high: .error
            case .medium: .warning
            case .low, .unknown: .notice
            }
        }
    }

    package var tool: String
    /// The tool's name for the rule, as `E0602`, or the weakness's, as `CVE-2019-11358`.
    package var rule: String
    /// Relative to the checkout; empty where a finding is about no file.
    package var path: String
    /// From 1; nil where the finding is about the whole file.
    package var line: Int?
    package var column: Int?
    package var level: Level
    /// Only of security scanners.
    package var severity: Severity?
    package var message: String

    package init(
        tool: String, rule: String, path: String, line: Int? = nil, column: Int? = nil, level: Level,
        severity: Severity? = nil, message: String
    ) {
        self.tool = tool
        self.rule = rule
        self.path = path
        self.line = line.flatMap { $0 > 0 ? $0 : nil }
        self.column = column.flatMap { $0 > 0 ? $0 : nil }
        self.level = level
        self.severity = severity
        self.message = String(message.prefix(1000))
    }

    /// As compilers write it.
    package var text: String {
        var place = path
        if let line { place += ":\(line)" + (column.map { ":\($0)" } ?? "") }
        let kind = severity.map { "\(level.name) (\($0.name))" } ?? level.name
        return (place.isEmpty ? "" : "\(place): ") + "\(kind): \(message) [\(rule)]"
    }
}

/// The findings of a stage: all are counted, a bounded number is kept, the worst first.
package struct Findings: Equatable, Sendable {
    package static let maxKept = 200
    /// More than these are not even looked at when the worst are chosen.
    private static let maxHeld = 20_000

    package private(set) var kept: [Finding] = []
    package private(set) var total = 0
    private var levels = [0, 0, 0]
    private var severities = [0, 0, 0, 0, 0]

    package init() {}

    package func count(_ level: Finding.Level) -> Int { levels[level.rawValue] }
    package func count(_ severity: Finding.Severity) -> Int { severities[severity.rawValue] }

    package mutating func add(_ findings: [Finding]) {
        for finding in findings {
            total += 1
            levels[finding.level.rawValue] += 1
            if let severity = finding.severity { severities[severity.rawValue] += 1 }
            if kept.count < Self.maxHeld { kept.append(finding) }
        }
        // Stable: among equals the tool's own order counts.
        let order = kept.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.level != b.level { return a.level > b.level }
            if a.severity != b.severity { return (a.severity ?? .unknown) > (b.severity ?? .unknown) }
            return left.offset < right.offset
        }
        kept = order.prefix(Self.maxKept).map(\.element)
    }

    mutating func mask(_ masker: Masker) {
        for index in kept.indices {
            kept[index].message = masker.mask(cut: kept[index].message)
            kept[index].path = masker.mask(kept[index].path)
            kept[index].rule = masker.mask(kept[index].rule)
        }
    }

    package func hasAny(from level: Finding.Level) -> Bool {
        levels[level.rawValue...].contains { $0 > 0 }
    }

    package func hasAny(from severity: Finding.Severity) -> Bool {
        severities[severity.rawValue...].contains { $0 > 0 }
    }
}
