import Document
import Model

/// A record with a field of every type.
struct Sample: Fields, Equatable {
    enum Color: String, Choice {
        case red = "Red"
        case green = "Green"
    }

    struct Item: Fields, Equatable {
        var name = ""
        var size = 0

        init() {}

        mutating func visit(_ visitor: inout some FieldVisitor) {
            visitor.text("name", &name, .dnsLabel)
            visitor.number("size", &size, default: 0, in: 0...9)
        }
    }

    var title = ""
    var note: String?
    var tags: [String] = []
    var count = 3
    var limit: Int?
    var color = Color.red
    var shade = Color.green
    var colors: [Color] = [.red]
    var time: Timestamp?
    var labels = StringMap()
    var rules: [StringMap] = []
    var item: Item?
    var items: [Item] = []
    var timeoutSeconds = 1

    init() {}

    mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("title", &title, .filled(10))
        visitor.text("note", &note, .any(10))
        visitor.texts("tags", &tags, .word, atMost: 2)
        visitor.number("count", &count, default: 3, in: 1...5)
        visitor.number("limit", &limit, in: 0...Int.max)
        visitor.choice("color", &color, default: .red)
        visitor.requiredChoice("shade", &shade)
        visitor.choices("colors", &colors)
        visitor.time("time", &time)
        visitor.map("labels", &labels, key: .labelKey, value: .labelValue, atMost: 2)
        visitor.maps("rules", &rules, key: .word, value: .any(5), atMost: 2)
        visitor.object("item", &item)
        visitor.list("items", &items, atMost: 3, uniqueBy: ["name"], required: true)
        visitor.number("timeoutSeconds", &timeoutSeconds, default: 1, in: 1...60)
        visitor.reserved("image")
    }
}

/// A document that is right, with some of its fields replaced.
func sample(_ changes: String = "") throws -> Node {
    try parseJSON("{" + #""title":"t","shade":"Red","items":[{"name":"a"}]"# + changes + "}", marks: true)
}
