/// What collectors find when somebody asks: how things stand at that moment.
///
/// Samples of one family may come from several collectors; what isn't given any more isn't there any more.
package struct MetricsCollection: Sendable {
    enum Value: Equatable, Sendable {
        case number(Double)
        case histogram(bounds: [Double], HistogramCounts)
    }

    private struct Found {
        var family: MetricFamily
        var samples: [(values: [String], value: Value)] = []
    }

    // Sorted before anything is written.
    private var found: [String: Found] = [:]

    init() {}

    package mutating func add(_ family: MetricFamily, _ value: Double, _ values: String...) {
        put(family, values, .number(value))
    }

    package mutating func add(
        _ family: MetricFamily, bounds: [Double], _ counts: HistogramCounts, _ values: String...
    ) {
        precondition(counts.buckets.count == bounds.count + 1)
        put(family, values, .histogram(bounds: bounds, counts))
    }

    private mutating func put(_ family: MetricFamily, _ values: [String], _ value: Value) {
        precondition(values.count == family.labels.count, "\(family.name) has the labels \(family.labels)")
        var family = found[family.name] ?? Found(family: family)
        defer { found[family.family.name] = family }
        // Two samples with the same labels would make a scrape fail as a whole.
        let isKnown = family.samples.contains { $0.values == values }
        guard !isKnown, family.samples.count < family.family.limit else { return }
        family.samples.append((values, value))
    }

    /// Each family's text by its name.
    var texts: [String: String] {
        found.mapValues { found in
            var text = MetricsText()
            text.begin(found.family)
            for (values, value) in found.samples.sorted(by: { $0.values.lexicographicallyPrecedes($1.values) }) {
                switch value {
                case .number(let number): text.sample(found.family, values, number)
                case .histogram(let bounds, let counts): text.histogram(found.family, values, bounds, counts)
                }
            }
            return text.text
        }
    }
}
