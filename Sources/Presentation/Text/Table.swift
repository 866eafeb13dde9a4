/// Rows under headings, as wide as what they hold.
package struct Table: Sendable {
    package struct Column: Sendable {
        /// What happens to a cell where the terminal is too narrow for the row.
        package enum Overflow: Sendable {
            case keep
            case cut
            /// Goes on below, at most so many lines.
            case wrap(Int)
        }

        package var title: String
        package var alignment: Line.Alignment
        package var overflow: Overflow
        /// The least width that a cell is cut or wrapped to.
        package var minimum: Int

        package init(
            _ title: String, _ alignment: Line.Alignment = .left, overflow: Overflow = .keep, minimum: Int = 12
        ) {
            self.title = title
            self.alignment = alignment
            self.overflow = overflow
            self.minimum = minimum
        }
    }

    package var columns: [Column]
    package var rows: [[Line]] = []
    /// Columns left free before each line.
    package var indent: Int
    private static let gap = 2

    package init(_ columns: [Column], indent: Int = 0) {
        self.columns = columns
        self.indent = indent
    }

    /// - Parameter width: The terminal's; nil where there is none: then nothing is cut.
    package func lines(width: Int?) -> [Line] {
        var widths = columns.indices.map { column in
            max(columns[column].title.columns, rows.map { $0[column].columns }.max() ?? 0)
        }
        if let width { shrink(&widths, to: width) }
        let titles = columns.map { Line($0.title, .dim) }
        return ([titles] + rows).flatMap { row in
            physicalLines(row, widths).map { line in width.map { line.truncated(to: $0) } ?? line }
        }
    }

    private func shrink(_ widths: inout [Int], to width: Int) {
        var excess = indent + widths.reduce(0, +) + Self.gap * (widths.count - 1) - width
        for column in columns.indices.reversed() where excess > 0 {
            if case .keep = columns[column].overflow { continue }
            let least = max(columns[column].title.columns, columns[column].minimum)
            let cut = min(excess, max(0, widths[column] - least))
            widths[column] -= cut
            excess -= cut
        }
    }

    private func physicalLines(_ row: [Line], _ widths: [Int]) -> [Line] {
        let cells = columns.indices.map { column in
            switch columns[column].overflow {
            case .keep: [row[column]]
            case .cut: [row[column].truncated(to: widths[column])]
            case .wrap(let count): row[column].wrapped(to: widths[column], atMost: count)
            }
        }
        let height = cells.map(\.count).max() ?? 0
        return (0..<height).map { place in
            var line = Line(String(repeating: " ", count: indent))
            var blank = 0
            for column in columns.indices {
                let cell = place < cells[column].count ? cells[column][place] : Line()
                let padded = cell.padded(to: widths[column], columns[column].alignment)
                // Spaces are only written before something else, so that no line ends in them.
                if cell.isEmpty {
                    blank += widths[column]
                } else {
                    let isLast = columns[column].alignment == .left
                    line = line + Line(String(repeating: " ", count: blank)) + (isLast ? cell : padded)
                    blank = isLast ? widths[column] - cell.columns : 0
                }
                blank += Self.gap
            }
            return line
        }
    }
}
