package import Document

/// Writes a record as JSON, without the fields that are at their default.
package struct FieldWriter: FieldVisitor {
    private var json: JSONWriter

    private init(_ json: JSONWriter) {
        self.json = json
    }

    /// Writes a record as an object into a document that is being written.
    package static func write(_ value: some Fields, into json: inout JSONWriter) {
        // A record's visit is mutating because a reader fills it; a writer leaves this copy as it was.
        var copy = value
        var writer = FieldWriter(json)
        // Only one of the two owns the bytes, so that writing never copies them.
        json = JSONWriter(reservingCapacity: 0)
        writer.json.beginObject()
        copy.visit(&writer)
        writer.json.endObject()
        json = writer.json
    }

    /// A record as JSON bytes.
    package static func bytes(_ value: some Fields) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 512)
        write(value, into: &json)
        return json.bytes
    }

    package mutating func text(_ name: StaticString, _ value: inout String, _ rule: TextRule) {
        json.key(name)
        json.string(value)
    }

    package mutating func text(_ name: StaticString, _ value: inout String?, _ rule: TextRule) {
        guard let value else { return }
        json.key(name)
        json.string(value)
    }

    package mutating func texts(_ name: StaticString, _ value: inout [String], _ rule: TextRule, atMost: Int) {
        guard !value.isEmpty else { return }
        json.key(name)
        json.beginArray()
        for text in value { json.string(text) }
        json.endArray()
    }

    package mutating func number(
        _ name: StaticString, _ value: inout Int, default: Int, in range: ClosedRange<Int>
    ) {
        guard value != `default` else { return }
        json.key(name)
        json.int(value)
    }

    package mutating func number(_ name: StaticString, _ value: inout Int?, in range: ClosedRange<Int>) {
        guard let value else { return }
        json.key(name)
        json.int(value)
    }

    package mutating func choice<Word: Choice>(_ name: StaticString, _ value: inout Word, default: Word) {
        guard value != `default` else { return }
        json.key(name)
        json.string(value.rawValue)
    }

    package mutating func requiredChoice<Word: Choice>(_ name: StaticString, _ value: inout Word) {
        json.key(name)
        json.string(value.rawValue)
    }

    package mutating func choices<Word: Choice>(_ name: StaticString, _ value: inout [Word]) {
        json.key(name)
        json.beginArray()
        for word in value { json.string(word.rawValue) }
        json.endArray()
    }

    package mutating func time(_ name: StaticString, _ value: inout Timestamp?) {
        guard let value else { return }
        json.key(name)
        json.string(value.description)
    }

    private mutating func map(_ value: StringMap) {
        json.beginObject()
        for entry in value.entries {
            json.key(entry.key)
            json.string(entry.value)
        }
        json.endObject()
    }

    package mutating func map(
        _ name: StaticString, _ value: inout StringMap, key: TextRule, value rule: TextRule, atMost: Int
    ) {
        guard !value.isEmpty else { return }
        json.key(name)
        map(value)
    }

    package mutating func maps(
        _ name: StaticString, _ value: inout [StringMap], key: TextRule, value rule: TextRule, atMost: Int
    ) {
        guard !value.isEmpty else { return }
        json.key(name)
        json.beginArray()
        for map in value { self.map(map) }
        json.endArray()
    }

    package mutating func object<Value: Fields>(_ name: StaticString, _ value: inout Value?) {
        guard var record = value else { return }
        json.key(name)
        json.beginObject()
        record.visit(&self)
        json.endObject()
    }

    package mutating func requiredObject<Value: Fields>(_ name: StaticString, _ value: inout Value) {
        json.key(name)
        json.beginObject()
        value.visit(&self)
        json.endObject()
    }

    package mutating func list<Item: Fields>(
        _ name: StaticString, _ value: inout [Item], atMost: Int, uniqueBy: [StaticString], required: Bool
    ) {
        guard !value.isEmpty || required else { return }
        json.key(name)
        json.beginArray()
        for var item in value {
            json.beginObject()
            item.visit(&self)
            json.endObject()
        }
        json.endArray()
    }

    package mutating func reserved(_ name: StaticString) {}
}
