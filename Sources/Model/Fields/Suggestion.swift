/// Finds what a person may have meant.
package enum Suggestion {
    /// The nearest of the known words, if it is near enough to be a slip of the hand.
    package static func nearest(to word: String, among known: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let lower = Array(word.lowercased().utf8)
        let limit = max(1, lower.count / 3)
        var best: (distance: Int, word: String)?
        for candidate in known {
            let distance = distance(lower, Array(candidate.lowercased().utf8))
            if distance <= limit, distance < best?.distance ?? Int.max { best = (distance, candidate) }
        }
        return best?.word ?? completion(of: lower, among: known)
    }

    /// The one word that goes on where this one ends: `timeout` → `timeoutSeconds`.
    private static func completion(of lower: [UInt8], among known: [String]) -> String? {
        guard lower.count >= 3 else { return nil }
        let longer = known.filter { $0.lowercased().utf8.starts(with: lower) }
        return longer.count == 1 ? longer[0] : nil
    }

    /// Insertions, deletions, replacements and swaps of neighbours that make one of the other.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var before = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        for i in 1...left.count {
            var current = [i] + [Int](repeating: 0, count: right.count)
            for j in 1...right.count {
                let cost = left[i - 1] == right[j - 1] ? 0 : 1
                current[j] = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
                if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
                    current[j] = min(current[j], before[j - 2] + 1)
                }
            }
            before = previous
            previous = current
        }
        return previous[right.count]
    }
}
