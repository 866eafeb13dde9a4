internal import Hummingbird
internal import HummingbirdCore

/// What of a list is asked for.
struct PageQuery: Equatable {
    /// The most that a page or an answer lists, whatever is asked.
    static let most = 1000
    static let usual = 200

    var limit = Self.usual
    var offset = 0
    var pipeline: String?
    /// `-` for what is in none.
    var namespace: String?
    /// What is wrong with the query; nil when nothing is.
    var complaint: String?

    init() {}

    init(_ uri: URI) {
        let parameters = uri.queryParameters
        func number(_ name: Substring, _ range: ClosedRange<Int>) -> Int? {
            guard let text = parameters[name] else { return nil }
            guard let number = Int(text), range.contains(number) else {
                complaint = "`\(name)` has to be a number from \(range.lowerBound) to \(range.upperBound)"
                return nil
            }
            return number
        }
        limit = number("limit", 1...Self.most) ?? limit
        offset = number("offset", 0...1_000_000) ?? offset
        pipeline = parameters["pipeline"].map(String.init)
        namespace = parameters["namespace"].map(String.init)
    }

    /// The query of the next page.
    func next() -> String {
        var fields = ["limit=\(limit)", "offset=\(offset + limit)"]
        // Names that exist are made of what needs no escaping, and others list nothing.
        if let pipeline { fields.append("pipeline=\(pipeline)") }
        if let namespace { fields.append("namespace=\(namespace)") }
        return fields.joined(separator: "&")
    }
}
