import CYAML
import Document

/// What libyaml finds in a text, one after the other.
struct YAMLEvent {
    enum Kind {
        case streamStart
        case streamEnd
        case documentStart
        case documentEnd
        case alias(String)
        case scalar(YAMLScalar)
        case sequenceStart(tag: String?)
        case mappingStart(tag: String?)
        case sequenceEnd
        case mappingEnd
    }

    var kind: Kind
    var mark: Mark
    var anchor: String?
}

/// A scalar as it was written, before anybody has asked what it means.
struct YAMLScalar {
    var text: String
    /// In its long form, such as `tag:yaml.org,2002:str`.
    var tag: String?
    /// Without quotation marks, and not a block.
    var isPlain: Bool
}

/// Why libyaml could not read on.
struct YAMLSyntaxError: Error {
    /// What it was doing, such as "while parsing a block mapping".
    var context: String?
    var contextMark: Mark?
    var problem: String
    var mark: Mark?
    /// In bytes; set instead of a mark when the characters themselves are wrong.
    var offset: Int?
}

/// libyaml's parser over memory that is lent to it.
///
/// The one owner of its handle. The parser holds pointers into itself, so it lives on the heap, where it never moves.
final class EventParser {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var isUsable: Bool

    /// - Parameter bytes: Must stay valid for as long as the parser is used.
    init(reading bytes: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        // It fails when there is no memory, and has freed then what it had.
        isUsable = yaml_parser_initialize(parser) == 1
        guard isUsable else { return }
        // libyaml wants a pointer even to no bytes, and reads nothing through it then.
        let start = bytes.baseAddress ?? UnsafePointer(UnsafeRawPointer(parser).assumingMemoryBound(to: UInt8.self))
        yaml_parser_set_input_string(parser, start, bytes.count)
    }

    deinit {
        if isUsable { yaml_parser_delete(parser) }
        parser.deallocate()
    }

    /// The next event. After the end of the stream, or an error, there is none, and it isn't to be called again.
    func next() throws(YAMLSyntaxError) -> YAMLEvent {
        var event = yaml_event_t()
        guard isUsable, yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&event) }
        let mark = Self.mark(event.start_mark)
        let data = event.data
        switch event.type {
        case YAML_STREAM_START_EVENT: return YAMLEvent(kind: .streamStart, mark: mark)
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, mark: mark)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, mark: mark)
        case YAML_ALIAS_EVENT:
            return YAMLEvent(kind: .alias(Self.text(data.alias.anchor) ?? ""), mark: mark)
        case YAML_SCALAR_EVENT:
            // libyaml says how many bytes the value has, and has checked that they are UTF-8.
            let bytes = UnsafeBufferPointer(start: data.scalar.value, count: data.scalar.length)
            let scalar = YAMLScalar(
                text: String(decoding: bytes, as: UTF8.self), tag: Self.text(data.scalar.tag),
                isPlain: data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
            return YAMLEvent(kind: .scalar(scalar), mark: mark, anchor: Self.text(data.scalar.anchor))
        case YAML_SEQUENCE_START_EVENT:
            let kind = YAMLEvent.Kind.sequenceStart(tag: Self.text(data.sequence_start.tag))
            return YAMLEvent(kind: kind, mark: mark, anchor: Self.text(data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, mark: mark)
        case YAML_MAPPING_START_EVENT:
            let kind = YAMLEvent.Kind.mappingStart(tag: Self.text(data.mapping_start.tag))
            return YAMLEvent(kind: kind, mark: mark, anchor: Self.text(data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, mark: mark)
        default: return YAMLEvent(kind: .streamEnd, mark: mark)
        }
    }

    private func syntaxError() -> YAMLSyntaxError {
        guard isUsable, parser.pointee.error != YAML_MEMORY_ERROR else {
            return YAMLSyntaxError(problem: "there is not enough memory to read this")
        }
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "this is not YAML"
        guard state.error != YAML_READER_ERROR else {
            return YAMLSyntaxError(problem: problem, offset: Int(state.problem_offset))
        }
        return YAMLSyntaxError(
            context: state.context.map { String(cString: $0) },
            contextMark: state.context == nil ? nil : Self.mark(state.context_mark),
            problem: problem, mark: Self.mark(state.problem_mark))
    }

    /// libyaml counts from zero, in characters.
    private static func mark(_ mark: yaml_mark_t) -> Mark {
        Mark(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}
