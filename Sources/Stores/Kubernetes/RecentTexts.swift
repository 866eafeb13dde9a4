/// The last texts that were put in, up to a number; older ones are forgotten.
struct RecentTexts: Sendable {
    private var texts: RecentValues<Bool>

    init(limit: Int) {
        texts = RecentValues(limit: limit)
    }

    func contains(_ text: String) -> Bool { texts[text] != nil }

    /// Returns whether it is new.
    @discardableResult
    mutating func insert(_ text: String) -> Bool { texts.set(text, true) }
}
