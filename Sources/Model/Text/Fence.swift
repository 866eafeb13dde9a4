/// Names one attempt at one stage of one run: `<run UID>/<stage>/<attempt>`.
///
/// At most one result is ever accepted for a fence (the third law). The UID ends at the first slash and the attempt
/// begins after the last.
package struct Fence: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var run: String
    package var stage: String
    package var attempt: Int

    package init(run: String, stage: String, attempt: Int) {
        self.run = run
        self.stage = stage
        self.attempt = attempt
    }

    /// Reads a fence; nil when a part is missing or the attempt is not a positive number as `description` writes it.
    package init?(_ text: String) {
        let bytes = text.utf8
        let slash = UInt8(ascii: "/")
        guard let first = bytes.firstIndex(of: slash), let last = bytes.lastIndex(of: slash), first < last
        else { return nil }
        let number = bytes[bytes.index(after: last)...]
        // Two spellings of one attempt (`1`, `+01`) must not become two fences to somebody who compares texts.
        guard let lead = number.first, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(lead),
            number.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let attempt = Int(text[number.startIndex...])
        else { return nil }
        let run = text[..<first]
        let stage = text[bytes.index(after: first)..<last]
        guard !run.isEmpty, !stage.isEmpty else { return nil }
        self.init(run: String(run), stage: String(stage), attempt: attempt)
    }

    package var description: String { "\(run)/\(stage)/\(attempt)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.run, left.stage, left.attempt) < (right.run, right.stage, right.attempt)
    }
}
