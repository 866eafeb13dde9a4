internal import Synchronization

/// Counts observations by size, for quantiles over many processes.
package final class Histogram: Sendable {
    /// One series.
    package final class Series: Sendable {
        private let bounds: [Double]
        private let state: Mutex<HistogramCounts>

        package init(bounds: [Double]) {
            self.bounds = bounds
            state = Mutex(HistogramCounts(buckets: bounds.count + 1))
        }

        package func observe(_ value: Double) {
            // A clock that was set back must not take anything off the sum, which only rises.
            guard value.isFinite else { return }
            let value = max(0, value)
            let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
            state.withLock { $0.add(value, in: bucket) }
        }

        package var counts: HistogramCounts { state.withLock { $0 } }
    }

    let bounds: [Double]
    private let table: SeriesTable<Series>

    init(_ family: MetricFamily, bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds rise")
        self.bounds = bounds
        table = SeriesTable(family) { Series(bounds: bounds) }
    }

    package func with(_ values: String...) -> Series { table[values] }

    package func observe(_ value: Double, _ values: String...) { table[values].observe(value) }

    func render(into text: inout MetricsText) {
        text.begin(table.family)
        for (values, series) in table.all { text.histogram(table.family, values, bounds, series.counts) }
    }
}

/// How many observations fell into each bucket, and their sum.
package struct HistogramCounts: Equatable, Sendable {
    /// Not cumulated; the last is of what is above all bounds.
    package var buckets: [Int]
    package var sum = 0.0

    package init(buckets: Int) {
        self.buckets = [Int](repeating: 0, count: buckets)
    }

    package mutating func add(_ value: Double, in bucket: Int) {
        buckets[bucket] += 1
        sum += value
    }
}
