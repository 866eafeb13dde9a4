internal import Model

/// The events that have been handled within 7 days, as all who keep such a book write it into a few objects.
///
/// It has pages, of which each has one writer: so whoever writes changes only pages of its own, and takes away old ones.
/// The pages stand on shelves, which are the objects. What a write costs the API server, and all who ask it something
/// meanwhile, goes with the object's size: with the whole book in one, it answered nobody for a tenth of a second.
/// An event is known by a hash of its id, so that a page needs no separators.
struct DeliveryBook: Sendable {
    /// A page: its text, or nil where it is to go.
    struct Change: Equatable, Sendable {
        var page: String
        var text: String?
    }

    /// The chart gives the rights to so many.
    static let shelves = 32
    private static let memorySeconds = 7 * 86_400
    private static let digits = 12
    /// All shelves together then take less than 1 MiB.
    static let most = 70_000
    /// A page that is full is never written again, so that a busy hour isn't sent with each of its events.
    private static let pageSize = 500
    /// `2026-11-28T14`: by it pages are in the order of their age.
    private static let hourLength = 13

    /// Names the pages of this process among all others.
    private let writer: String
    /// By the hour, the writer and a number, which also says on which shelf a page stands.
    private var pages: [String: [String]] = [:]
    private var known: Set<String> = []
    private var current = ""
    private var next: Int
    /// The pages with something that isn't stored yet.
    private var unsaved: Set<String> = []

    /// - Parameter first: The number of the first page, by chance, so that writers don't all begin on one shelf.
    init(writer: String, first: Int) {
        self.writer = writer
        next = first
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

    /// What is to be written, by shelf. Counts as stored until `failed` says otherwise.
    mutating func changes(at now: Timestamp) -> [Int: [Change]] {
        let oldest = Self.hour(now.adding(seconds: -Self.memorySeconds))
        var changes: [Change] = []
        for page in pages.keys.sorted() where page.prefix(Self.hourLength) < oldest || known.count > Self.most {
            forget(page)
            changes.append(Change(page: page))
        }
        changes += unsaved.sorted().compactMap { page in
            pages[page].map { Change(page: page, text: $0.joined()) }
        }
        unsaved = []
        return Dictionary(grouping: changes) { Self.shelf(of: $0.page) ?? 0 }
    }

    /// Has changes made again that could not be stored.
    mutating func failed(_ changes: [Change]) {
        for change in changes where change.text != nil && pages[change.page] != nil { unsaved.insert(change.page) }
    }

    /// Takes over what is stored on a shelf, all of it: others' pages are as they say, and what isn't there any more is
    /// forgotten.
    mutating func read(_ stored: [String: String], on shelf: Int) {
        for page in pages.keys where Self.shelf(of: page) == shelf && stored[page] == nil && !unsaved.contains(page) {
            forget(page)
        }
        for (page, text) in stored where Self.shelf(of: page) == shelf && Self.isPage(page, text) {
            // Pages only grow, and one of its own may have grown since.
            let new = Self.hashes(text).dropFirst(pages[page, default: []].count)
            guard !new.isEmpty else { continue }
            pages[page, default: []] += new
            known.formUnion(new)
        }
    }

    private mutating func forget(_ page: String) {
        known.subtract(pages.removeValue(forKey: page) ?? [])
        unsaved.remove(page)
    }

    // MARK: Pages

    private static func hash(_ delivery: String) -> String { NameHash.text(delivery, digits: digits) }

    private static func hour(_ time: Timestamp) -> String { String(time.description.prefix(hourLength)) }

    /// Nil for the name of something else than a page, which somebody may have written there.
    private static func shelf(of page: String) -> Int? {
        guard let dash = page.lastIndex(of: "-"), let number = Int(page[page.index(after: dash)...]), number >= 0
        else { return nil }
        return number % shelves
    }

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
