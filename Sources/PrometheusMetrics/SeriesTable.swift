internal import Synchronization

/// The series of one family by their label values, bounded.
final class SeriesTable<Cell: Sendable>: Sendable {
    let family: MetricFamily
    private let make: @Sendable () -> Cell
    private let cells: Mutex<[[String]: Cell]>

    init(_ family: MetricFamily, make: @escaping @Sendable () -> Cell) {
        self.family = family
        self.make = make
        // A metric without labels is there from the beginning, so that a rate has something to rise from.
        cells = Mutex(family.labels.isEmpty ? [[]: make()] : [:])
    }

    subscript(values: [String]) -> Cell {
        precondition(values.count == family.labels.count, "\(family.name) has the labels \(family.labels)")
        return cells.withLock { cells in
            if let cell = cells[values] { return cell }
            let key = cells.count < family.limit ? values : values.map { _ in MetricFamily.other }
            if let cell = cells[key] { return cell }
            let cell = make()
            cells[key] = cell
            return cell
        }
    }

    /// By their label values.
    var all: [(values: [String], cell: Cell)] {
        cells.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
    }
}
