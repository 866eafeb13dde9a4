internal import Synchronization

/// Lets the first words through, and calls the rest `other`: for labels whose values are users' words.
package final class BoundedWords: Sendable {
    private let limit: Int
    private let known = Mutex<Set<String>>([])

    package init(limit: Int) {
        self.limit = limit
    }

    package subscript(word: String) -> String {
        known.withLock { known in
            if known.contains(word) { return word }
            guard known.count < limit else { return MetricFamily.other }
            known.insert(word)
            return word
        }
    }
}
