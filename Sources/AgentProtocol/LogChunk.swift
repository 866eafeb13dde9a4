package import Model

/// A piece of an attempt's output.
package struct LogChunk: Fields, Equatable {
    /// A chunk's largest text in bytes.
    package static let textLimit = 65_536

    package var fence = ""
    package var instance = ""
    /// From 0, without gaps; a gap says that something is missing.
    package var number = 0
    package var time: Timestamp?
    /// Whole lines, each with its line feed.
    package var text = ""
    /// Lines left out before this chunk because nobody could take them in time.
    package var dropped = 0
    /// Whether nothing follows.
    package var isLast = false

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("fence", &fence, .filled(253))
        visitor.text("instance", &instance, .filled(64))
        visitor.number("number", &number, default: 0, in: 0...Int.max)
        visitor.time("time", &time)
        visitor.text("text", &text, .any(Self.textLimit))
        visitor.number("dropped", &dropped, default: 0, in: 0...Int.max)
        var last = isLast ? 1 : 0
        visitor.number("last", &last, default: 0, in: 0...1)
        isLast = last == 1
    }
}
