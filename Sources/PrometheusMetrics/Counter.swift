internal import Synchronization

/// Counts what has happened since the process began.
///
/// Whoever counts often keeps the series that `with` gives, which takes no lock.
package final class Counter: Sendable {
    /// One series.
    package final class Series: Sendable {
        private let count = Atomic<Int>(0)

        package init() {}

        package func add(_ number: Int = 1) { count.wrappingAdd(number, ordering: .relaxed) }

        package var value: Int { count.load(ordering: .relaxed) }
    }

    private let table: SeriesTable<Series>

    init(_ family: MetricFamily) {
        table = SeriesTable(family) { Series() }
    }

    /// The series with these label values, made if it is missing.
    package func with(_ values: String...) -> Series { table[values] }

    package func add(_ number: Int = 1, _ values: String...) { table[values].add(number) }

    func render(into text: inout MetricsText) {
        text.begin(table.family)
        for (values, series) in table.all { text.sample(table.family, values, Double(series.value)) }
    }
}
