import Model
import Testing

@testable import Stores

@Suite struct DeliveryBookTests {
    private static let day = 86_400
    private func at(_ seconds: Int) -> Timestamp { Timestamp(seconds: 1_790_000_000 + Int64(seconds)) }

    private func stored(_ changes: [DeliveryBook.Change]) -> [String: String] {
        Dictionary(changes.compactMap { change in change.text.map { (change.page, $0) } }) { $1 }
    }

    @Test func `what one writer has stored the other knows, and each adds to pages of its own`() {
        var (one, other) = (DeliveryBook(writer: "a", first: 0), DeliveryBook(writer: "b", first: 0))
        one.add("first", at: at(0))
        one.add("first", at: at(1))
        one.add("second", at: at(2))
        let pages = one.written(at: at(3))
        #expect(pages.map(\.page) == ["2026-09-21T14-a-0"])
        #expect(pages.first?.text?.count == 24)
        #expect(one.written(at: at(4)).isEmpty)
        other.add("third", at: at(0))
        other.read(stored(pages), on: 0)
        for delivery in ["first", "second", "third"] { #expect(other.contains(delivery)) }
        #expect(!other.contains("fourth"))
        let more = other.written(at: at(5))
        #expect(more.map(\.page) == ["2026-09-21T14-b-0"])
        one.read(stored(pages + more), on: 0)
        #expect(one.contains("third"))
        one.add("fifth", at: at(6))
        #expect(one.written(at: at(7)).map(\.page) == ["2026-09-21T14-a-0"])
    }

    @Test func `what could not be stored is stored with the next change`() {
        var book = DeliveryBook(writer: "a", first: 0)
        book.add("first", at: at(0))
        let changes = book.written(at: at(1))
        book.failed(changes)
        book.read([:], on: 0)
        #expect(book.contains("first"))
        let again = book.written(at: at(2))
        #expect(again.map(\.text) == changes.map(\.text))
        book.read(stored(again), on: 0)
        #expect(book.contains("first"))
    }

    @Test func `what came while an answer was under way stays`() {
        var book = DeliveryBook(writer: "a", first: 0)
        book.add("first", at: at(0))
        let changes = book.written(at: at(1))
        book.add("second", at: at(1))
        book.read(stored(changes), on: 0)
        #expect(book.contains("second"))
        #expect(book.written(at: at(2)).first?.text?.count == 24)
    }

    @Test func `a page goes after seven days, whoever wrote it, and with what others took away`() {
        var (one, other) = (DeliveryBook(writer: "a", first: 0), DeliveryBook(writer: "b", first: 0))
        one.add("first", at: at(0))
        let pages = one.written(at: at(1))
        other.read(stored(pages), on: 0)
        #expect(other.written(at: at(7 * Self.day)).isEmpty)
        #expect(other.contains("first"))
        let changes = other.written(at: at(7 * Self.day + 3600))
        #expect(changes.map(\.page) == pages.map(\.page))
        #expect(changes.allSatisfy { $0.text == nil })
        #expect(!other.contains("first"))
        one.read([:], on: 0)
        #expect(!one.contains("first"))
    }

    @Test func `a full page is not written again, and beyond the limit the oldest go`() {
        var book = DeliveryBook(writer: "a", first: 0)
        for number in 0..<501 { book.add("\(number)", at: at(0)) }
        let first = book.written(at: at(1))
        #expect(first.map { $0.text?.count } == [6000, 12])
        book.add("more", at: at(2))
        #expect(book.written(at: at(3)).map(\.page) == ["2026-09-21T14-a-1"])
        for number in 0..<DeliveryBook.most { book.add("later \(number)", at: at(3600)) }
        let changes = book.written(at: at(3601))
        #expect(changes.filter { $0.text == nil }.map(\.page) == ["2026-09-21T14-a-0", "2026-09-21T14-a-1"])
        #expect(!book.contains("0"))
        #expect(book.contains("later 0"))
        #expect(book.count <= DeliveryBook.most)
        // With what is around it, it has to fit into an object.
        #expect(changes.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) + $1.page.utf8.count + 8 } < 900_000)
    }

    @Test(arguments: ["hello", "2026-09-21T14", "2026-09-21T14-x-0"])
    func `what isn't a page is passed over`(_ name: String) {
        var book = DeliveryBook(writer: "a", first: 0)
        let stored = [
            name: "0123456789", "2026-09-21T14-y-0": "äöüäöü", "2026-09-21T14-w-1": "012345678901",
            "2026-09-21T14-z-64": "012345678901",
        ]
        book.read(stored, on: 0)
        #expect(book.count == 1)
    }

    @Test func `pages are spread over the shelves, and one shelf says nothing of another`() {
        var (one, other) = (DeliveryBook(writer: "a", first: 31), DeliveryBook(writer: "b", first: 7))
        for number in 0..<501 { one.add("\(number)", at: at(0)) }
        let changes = one.changes(at: at(1))
        #expect(changes.keys.sorted() == [0, 31])
        #expect(changes[31]?.map(\.page) == ["2026-09-21T14-a-31"])
        #expect(changes[0]?.map(\.page) == ["2026-09-21T14-a-32"])
        other.read(stored(changes[31] ?? []), on: 31)
        other.read(stored(changes[0] ?? []), on: 0)
        #expect(other.count == 501)
        other.read([:], on: 1)
        #expect(other.count == 501)
        other.read([:], on: 0)
        #expect(other.count == 500)
    }
}

extension DeliveryBook {
    fileprivate mutating func written(at now: Timestamp) -> [Change] {
        changes(at: now).sorted { $0.key < $1.key }.flatMap(\.value)
    }
}
