internal import Document

/// Where a step derived anew parts from the recorded one.
package struct JournalDifference: Error, Equatable, Sendable {
    package var at: Moment
    /// The first place that differs, such as `actions[2].status.stages[0].state`.
    package var path: String
    /// As JSON; nil where there is nothing.
    package var recorded: String?
    package var derived: String?

    /// - Throws: `JournalError` where what was derived is no JSON, which a writer never makes.
    init(at moment: Moment, recorded: Node, derived: [UInt8]) throws(JournalError) {
        let other: Node
        do throws(JSONError) {
            other = try parseJSON(derived, limits: JSONLimits(bytes: .max, values: .max))
        } catch {
            throw .malformed("\(error)")
        }
        at = moment
        let place = Self.first("", recorded, other)
        path = place?.path ?? "the spelling of the line"
        self.recorded = place?.left?.json()
        self.derived = place?.right?.json()
    }

    private typealias Place = (path: String, left: Node?, right: Node?)

    private static func first(_ path: String, _ left: Node?, _ right: Node?) -> Place? {
        guard left != right else { return nil }
        switch (left?.value, right?.value) {
        case (.array(let lefts)?, .array(let rights)?):
            for index in 0..<max(lefts.count, rights.count) {
                let place = first(
                    "\(path)[\(index)]", index < lefts.count ? lefts[index] : nil,
                    index < rights.count ? rights[index] : nil)
                if let place { return place }
            }
        case (.object(let lefts)?, .object(let rights)?):
            var keys = lefts.map(\.key)
            keys += rights.map(\.key).filter { !keys.contains($0) }
            // Another kind of action altogether: its fields one by one would say less.
            if lefts.first?.key != rights.first?.key { break }
            for key in keys {
                let place = first(path.isEmpty ? key : "\(path).\(key)", left?[key], right?[key])
                if let place { return place }
            }
        default: break
        }
        return (path, left, right)
    }
}
