/// What all series of one metric have in common.
package struct MetricFamily: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package var name: String
    package var kind: Kind
    /// A sentence for people.
    package var help: String
    /// The labels' names, in the order in which values are given.
    package var labels: [String]
    /// How many sets of label values there may be; what comes beyond counts as `other`.
    package var limit: Int

    package static let defaultLimit = 1000
    /// The value of every label of what has no series of its own.
    package static let other = "other"

    package init(
        _ name: String, _ kind: Kind, _ help: String, labels: [String] = [], limit: Int = MetricFamily.defaultLimit
    ) {
        precondition(Self.isName(name, colons: true) && labels.allSatisfy { Self.isName($0, colons: false) })
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.limit = limit
    }

    /// Whether the text format takes it for a name; colons are for a metric's alone.
    static func isName(_ text: String, colons: Bool) -> Bool {
        var isFirst = true
        for byte in text.utf8 {
            let isLetter = (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || colons && byte == 58
            guard isLetter || !isFirst && (48...57).contains(byte) else { return false }
            isFirst = false
        }
        return !isFirst
    }
}
