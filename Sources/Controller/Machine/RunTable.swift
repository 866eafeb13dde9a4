/// The runs by UID.
///
/// Entries are large, and a dictionary moves one out and back in for each change: these stay where they are.
struct RunTable: Sendable {
    private var places: [String: Int] = [:]
    private var entries: [RunEntry?] = []
    private var freePlaces: [Int] = []

    subscript(uid: String) -> RunEntry? {
        _read {
            if let place = places[uid] {
                yield entries[place]
            } else {
                yield nil
            }
        }
        _modify {
            if let place = places[uid] {
                yield &entries[place]
                if entries[place] == nil {
                    places[uid] = nil
                    freePlaces.append(place)
                }
            } else {
                var entry: RunEntry?
                yield &entry
                if let entry { add(entry, as: uid) }
            }
        }
    }

    var isEmpty: Bool { places.isEmpty }
    var keys: Dictionary<String, Int>.Keys { places.keys }

    /// All entries, in no order.
    var values: some Sequence<RunEntry> { entries.lazy.compactMap(\.self) }

    mutating func remove(_ uid: String) -> RunEntry? {
        guard let place = places.removeValue(forKey: uid) else { return nil }
        freePlaces.append(place)
        return entries[place].take()
    }

    private mutating func add(_ entry: RunEntry, as uid: String) {
        if let place = freePlaces.popLast() {
            places[uid] = place
            entries[place] = entry
        } else {
            places[uid] = entries.count
            entries.append(entry)
        }
    }
}
