internal import Model

/// The events that have been handled within 7 days, as all who keep such a book write it into one object.
///
/// It has pages, of which each has one writer: so whoever writes changes only pages of its own, and takes away old ones.
/// An event is known by a hash of its id, so that a page needs no separators and a week of them fits into an object.
struct DeliveryBook: Sendable {
    private static let memorySeconds = 7 * 86_400
    private static let digits = 12
    /// An object holds 1 MiB with all that is around the data.
    static let most = 70_000
    /// A page that is full is never written again, so that a busy hour isn't sent with each of its events.
    private static let pageSize = 500
    /// `2026-11-28T14`: by it pages are in the order of their age.
    private static let hourLength = 13

    /// Names the pages of this process among all others.
    private let writer: String
    /// By the hour, the writer and a number.
    private var pages: [String: [String]] = [:]
    private var known: Set<String> = []
    private var current = ""
    private var next = 0
    /// The pages with something that isn't stored yet.
    private var unsaved: Set<String> = []

    init(writer: String) {
        self.writer = writer
    }

    var count: Int { known.count }

    func contains(_ delivery: String) -> Bool { known.contains(Self.hash(delivery)) }

    mutating func add(_ delivery: String, at now: Timestamp) {
        let hash = Self.hash(delivery)
        guard known.insert(hash).inserted else { return }
        let hour = Self.hour(now)
        if !current.hasPrefix(hour) || pages[current, default: []].count >= Self.pageSize {
            current = "\(hour)-\(writer)-\(next)"
            next += 1
        }
        pages[current, default: []].append(hash)
        unsaved.insert(current)
    }

    /// What is to be written, by page: its text, or nil for one that is to go. Counts as stored until `failed` says otherwise.
    mutating func changes(at now: Timestamp) -> [(page: String, text: String?)] {
        let oldest = Self.hour(now.adding(seconds: -Self.memorySeconds))
        var gone: [String] = []
        for page in pages.keys.sorted() where page.prefix(Self.hourLength) < oldest || known.count > Self.most {
            for hash in pages.removeValue(forKey: page) ?? [] { known.remove(hash) }
            gone.append(page)
        }
        let texts = unsaved.sorted().compactMap { page in pages[page].map { (page, Optional($0.joined())) } }
        unsaved = []
        return gone.map { ($0, nil) } + texts
    }

    /// Has changes made again that could not be stored.
    mutating func failed(_ changes: [(page: String, text: String?)]) {
        for change in changes where change.text != nil && pages[change.page] != nil { unsaved.insert(change.page) }
    }

    /// Takes over what is stored, all of it: others' pages are as they say, and what isn't there any more is forgotten.
    mutating func read(_ stored: [(page: String, text: String)]) {
        var read = pages.filter { unsaved.contains($0.key) }
        for (page, text) in stored where read[page] == nil && Self.isPage(page, text) {
            // A page of its own may have grown since.
            if let own = pages[page], own.count * Self.digits > text.utf8.count {
                read[page] = own
            } else {
                read[page] = Self.hashes(text)
            }
        }
        pages = read
        known = Set(read.values.joined())
    }

    // MARK: Pages

    private static func hash(_ delivery: String) -> String { NameHash.text(delivery, digits: digits) }

    private static func hour(_ time: Timestamp) -> String { String(time.description.prefix(hourLength)) }

    /// Somebody may have written something else into the object.
    private static func isPage(_ page: String, _ text: String) -> Bool {
        page.utf8.count > hourLength && page.utf8.prefix(4).allSatisfy { (48...57).contains($0) }
            && text.utf8.count.isMultiple(of: digits) && text.utf8.allSatisfy { $0 < 128 }
    }

    private static func hashes(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: digits).map {
            String(decoding: bytes[$0..<$0 + digits], as: UTF8.self)
        }
    }
}
