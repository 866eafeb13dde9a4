internal import Model

/// All that is known of one object, for reading: what `martlet describe` prints.
package struct Description: Sendable {
    var lines: [Line] = []
    let now: Timestamp
    /// The terminal's; nil where there is none.
    let width: Int?
    private static let labelWidth = 15

    init(now: Timestamp, width: Int?) {
        self.now = now
        self.width = width
    }

    package func rendered(colour: Bool) -> String { lines.rendered(colour: colour) }

    /// `Label:  value`; nothing where there is no value.
    mutating func field(_ label: String, _ value: Line?) {
        guard let value, !value.isEmpty else { return }
        let head = Line("\(label):", .dim).padded(to: Self.labelWidth)
        let room = width.map { max(20, $0 - Self.labelWidth) }
        let parts = room.map { value.wrapped(to: $0, atMost: 12) } ?? [value]
        for (place, part) in parts.enumerated() {
            lines.append((place == 0 ? head : Line(String(repeating: " ", count: Self.labelWidth))) + part)
        }
    }

    mutating func field(_ label: String, _ value: String?) {
        field(label, value.map { Line($0) })
    }

    /// A field with a line for each value.
    mutating func fields(_ label: String, _ values: [String]) {
        for (place, value) in values.enumerated() { field(place == 0 ? label : "", continuation: place > 0, value) }
    }

    private mutating func field(_ label: String, continuation: Bool, _ value: String) {
        guard continuation else { return field(label, value) }
        lines.append(Line(String(repeating: " ", count: Self.labelWidth) + value))
    }

    mutating func time(_ label: String, _ time: Timestamp?) {
        guard let time else { return }
        field(label, Line("\(time.wholeSeconds)") + Line("  \(TimeText.age(of: time, now: now)) ago", .dim))
    }

    mutating func section(_ title: String, _ content: [Line]) {
        guard !content.isEmpty else { return }
        lines.append(Line())
        lines.append(Line(title, .bold))
        lines += content
    }

    mutating func conditions(_ conditions: [Condition]) {
        var table = Table(
            [
                Table.Column("TYPE"), Table.Column("STATUS"), Table.Column("REASON"), Table.Column("AGE", .right),
                Table.Column("MESSAGE", overflow: .wrap(6), minimum: 24),
            ], indent: 2)
        for condition in conditions {
            table.rows.append([
                Line(condition.type), Line(condition.status.rawValue, condition.ink), Line(condition.reason),
                Line(TimeText.age(of: condition.lastTransitionTime, now: now)), Line(condition.message),
            ])
        }
        section("Conditions", conditions.isEmpty ? [] : table.lines(width: width))
    }
}

extension Condition {
    fileprivate var ink: Ink {
        switch status {
        case .true: .green
        case .false: .red
        case .unknown: .dim
        }
    }
}

extension Timestamp {
    /// Without a fraction, which nobody reads.
    fileprivate var wholeSeconds: Timestamp {
        let rest = microseconds % 1_000_000
        return Timestamp(microseconds: microseconds - (rest < 0 ? rest + 1_000_000 : rest))
    }
}
