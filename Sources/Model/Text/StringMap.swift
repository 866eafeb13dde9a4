/// A small map of strings in the order of its keys, so that no decision or output depends on a hash seed.
package struct StringMap: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    package struct Entry: Hashable, Sendable {
        package var key: String
        package var value: String
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        for (key, value) in elements { self[key] = value }
    }

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }

    package subscript(key: String) -> String? {
        get { entries.first { $0.key == key }?.value }
        set {
            let place = entries.firstIndex { $0.key >= key } ?? entries.endIndex
            let found = place < entries.endIndex && entries[place].key == key
            switch (newValue, found) {
            case (let value?, true): entries[place].value = value
            case (let value?, false): entries.insert(Entry(key: key, value: value), at: place)
            case (nil, true): entries.remove(at: place)
            case (nil, false): break
            }
        }
    }

    /// Whether every entry of this map is also one of the other's (a selector and labels).
    package func isContained(in other: StringMap) -> Bool {
        entries.allSatisfy { other[$0.key] == $0.value }
    }
}
