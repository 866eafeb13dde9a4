internal import KubernetesAPI
internal import Model

/// Decides what becomes of a note: an Event of its own, one more of a series, or nothing because there are too many.
///
/// A value: time is passed in. Memory is bounded; what is forgotten merely begins a new series.
struct EventSeries: Sendable {
    /// The run that an Event is about, as it was when it was written.
    struct Subject: Equatable, Sendable {
        var uid: String
        var name: String
        var namespace: String
        var resourceVersion: String
    }

    /// An Event as it is stored.
    struct Entry: Equatable, Sendable {
        var name: String
        var subject: Subject
        var note: EventNote
        var count: Int
        var first: Timestamp
        var last: Timestamp
    }

    enum Decision: Equatable, Sendable {
        case create(Entry)
        /// Only `count` and `last` differ from what is stored.
        case update(Entry)
        case drop
    }

    /// As in client-go: 25 at once about one object, then one in five minutes.
    static let burst = 25.0
    static let perSecond = 1.0 / 300

    private var entries = RecentValues<Entry>(limit: 1024)
    private var buckets = RecentValues<TokenBucket>(limit: 4096)
    private var made = 0

    mutating func decide(_ note: EventNote, about subject: Subject, at now: Duration, wall: Timestamp) -> Decision {
        var bucket = buckets[subject.uid] ?? TokenBucket(perSecond: Self.perSecond, burst: Self.burst, at: now)
        let isAllowed = bucket.take(at: now, patience: .zero) != nil
        buckets.set(subject.uid, bucket)
        guard isAllowed else { return .drop }
        let key = "\(subject.uid) \(note.kind.rawValue) \(note.reason) \(note.message)"
        if var entry = entries[key] {
            entry.count += 1
            entry.last = wall
            entry.subject = subject
            entries.set(key, entry)
            return .update(entry)
        }
        made += 1
        // Unlike any other: runs of this process may have made some in the same microsecond, others before a restart.
        let suffix = String(wall.microseconds, radix: 16) + String(made % 4096 + 4096, radix: 16).dropFirst()
        let entry = Entry(
            name: "\(subject.name.prefix(200)).\(suffix)", subject: subject, note: note, count: 1, first: wall,
            last: wall)
        entries.set(key, entry)
        return .create(entry)
    }
}
