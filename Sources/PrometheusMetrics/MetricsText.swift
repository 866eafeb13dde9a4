/// Prometheus' text format 0.0.4.
struct MetricsText {
    private(set) var text = ""

    mutating func begin(_ family: MetricFamily) {
        text += "# HELP \(family.name) \(Self.escaped(family.help, quotes: false))\n"
        text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
    }

    mutating func sample(_ family: MetricFamily, _ values: [String], _ value: Double) {
        line(family.name, family.labels, values, Self.number(value))
    }

    mutating func histogram(
        _ family: MetricFamily, _ values: [String], _ bounds: [Double], _ counts: HistogramCounts
    ) {
        var total = 0
        for (index, count) in counts.buckets.enumerated() {
            total += count
            let bound = index < bounds.count ? Self.number(bounds[index]) : "+Inf"
            line("\(family.name)_bucket", family.labels + ["le"], values + [bound], "\(total)")
        }
        line("\(family.name)_sum", family.labels, values, Self.number(counts.sum))
        line("\(family.name)_count", family.labels, values, "\(total)")
    }

    private mutating func line(_ name: String, _ labels: [String], _ values: [String], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            for (index, label) in labels.enumerated() {
                if index > 0 { text += "," }
                text += "\(label)=\"\(Self.escaped(values[index], quotes: true))\""
            }
            text += "}"
        }
        text += " \(value)\n"
    }

    /// The shortest digits that read back as the same number.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let digits = value.description
        return digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += #"\\"#
            case "\n": escaped += #"\n"#
            case "\"" where quotes: escaped += #"\""#
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
