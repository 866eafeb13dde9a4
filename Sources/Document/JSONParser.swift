/// Reads one JSON document, strictly by RFC 8259.
///
/// Stricter still, duplicate keys are errors, since readers disagree about which one counts. Numbers that are whole and
/// fit `Int64` become `.int`, however they are written (`1e3` too); others become `.double`.
///
/// - Parameter marks: Whether to record where each value and key begins.
package func parseJSON(
    _ bytes: [UInt8], limits: JSONLimits = JSONLimits(), marks: Bool = false
) throws(JSONError) -> Node {
    // The buffer is only read while the closure runs.
    try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
        try parseJSON(buffer, limits: limits, marks: marks)
    }
}

/// Reads one JSON document from borrowed memory; see `parseJSON(_:limits:marks:)` for arrays.
package func parseJSON(
    _ bytes: Span<UInt8>, limits: JSONLimits = JSONLimits(), marks: Bool = false
) throws(JSONError) -> Node {
    // The buffer is only read while the closure runs.
    try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
        try parseJSON(buffer, limits: limits, marks: marks)
    }
}

/// Reads one JSON document from a text, whose line and column numbers errors give.
package func parseJSON(
    _ text: String, limits: JSONLimits = JSONLimits(), marks: Bool = false
) throws(JSONError) -> Node {
    try parseJSON(Array(text.utf8), limits: limits, marks: marks)
}

/// Reads one JSON document from memory that must stay valid and unchanged for the length of the call.
package func parseJSON(
    _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits = JSONLimits(), marks: Bool = false
) throws(JSONError) -> Node {
    var parser = JSONParser(bytes: bytes, limits: limits, marks: marks)
    return try parser.document()
}

/// One pass over a text, by recursive descent; the depth limit keeps it off the end of the stack.
struct JSONParser {
    // Borrowed for the length of `parseJSON`, which alone makes parsers and lets none escape.
    let bytes: UnsafeBufferPointer<UInt8>
    let limits: JSONLimits
    var position = 0
    private var valuesLeft: Int
    private var places: PlaceCounter?

    init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits, marks: Bool) {
        self.bytes = bytes
        self.limits = limits
        valuesLeft = limits.values
        places = marks ? PlaceCounter() : nil
    }

    mutating func document() throws(JSONError) -> Node {
        guard bytes.count <= limits.bytes else {
            throw error("the text is larger than \(limits.bytes) bytes", at: 0)
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw error("the text begins with a byte order mark, which JSON doesn't allow", at: 0)
        }
        skipSpace()
        guard position < bytes.count else { throw error("there is no value, only an empty text") }
        let node = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else {
            throw error("after the end of the value comes \(describe(position)), where nothing else may come")
        }
        return node
    }

    private mutating func value(depth: Int) throws(JSONError) -> Node {
        valuesLeft -= 1
        guard valuesLeft >= 0 else { throw error("there are more than \(limits.values) values") }
        guard position < bytes.count else { throw error("the text ends where a value should come") }
        let mark = markHere()
        switch bytes[position] {
        case UInt8(ascii: "{"): return Node(.object(try members(depth: depth)), mark: mark)
        case UInt8(ascii: "["): return Node(.array(try elements(depth: depth)), mark: mark)
        case UInt8(ascii: "\""): return Node(.string(try string()), mark: mark)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return Node(try number(), mark: mark)
        case UInt8(ascii: "t"): return Node(try word("true", .bool(true)), mark: mark)
        case UInt8(ascii: "f"): return Node(try word("false", .bool(false)), mark: mark)
        case UInt8(ascii: "n"): return Node(try word("null", .null), mark: mark)
        default: throw error("a value should come here, but there is \(describe(position))")
        }
    }

    private mutating func elements(depth: Int) throws(JSONError) -> [Node] {
        try open(depth)
        var elements: [Node] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw expected("a comma or ]") }
        }
    }

    private mutating func members(depth: Int) throws(JSONError) -> [Node.Member] {
        try open(depth)
        var members: [Node.Member] = []
        var seen: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        while true {
            skipSpace()
            let start = position
            guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") else {
                throw expected("a key in quotation marks")
            }
            let mark = markHere()
            let key = try string()
            guard isNew(key, among: members, &seen) else {
                throw error("the key \"\(key.excerpt)\" is here twice", at: start)
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw expected("a colon after the key") }
            skipSpace()
            members.append(Node.Member(key: key, keyMark: mark, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return members }
            guard take(UInt8(ascii: ",")) else { throw expected("a comma or }") }
        }
    }

    /// A walk is quickest for the few keys that most objects have; a set keeps large ones from taking quadratic time.
    private func isNew(_ key: String, among members: [Node.Member], _ seen: inout Set<String>) -> Bool {
        if members.count < 12 { return !members.contains { $0.key == key } }
        if seen.isEmpty { seen = Set(members.map(\.key)) }
        return seen.insert(key).inserted
    }

    private mutating func open(_ depth: Int) throws(JSONError) {
        guard depth < limits.depth else { throw error("it is nested more than \(limits.depth) deep") }
        position += 1
    }

    private mutating func word(_ text: StaticString, _ value: Node.Value) throws(JSONError) -> Node.Value {
        let count = text.utf8CodeUnitCount
        let fits = bytes.count - position >= count
        guard fits, text.withUTF8Buffer({ $0.elementsEqual(bytes[position..<position + count]) }) else {
            throw error("this is neither a value in quotation marks nor true, false, null or a number")
        }
        position += count
        return value
    }

    // MARK: Space and places

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func markHere() -> Mark? {
        places?.advance(to: position, in: bytes)
    }

    private func expected(_ what: String) -> JSONError {
        guard position < bytes.count else { return error("the text ends where \(what) should come") }
        return error("\(what) should come here, but there is \(describe(position))")
    }

    func describe(_ position: Int) -> String {
        let byte = bytes[position]
        switch byte {
        case 0x21..<0x7F: return "'\(Unicode.Scalar(byte))'"
        case 0x80...: return "a character that is not ASCII"
        default: return "the byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }

    func error(_ problem: String, at offset: Int? = nil) -> JSONError {
        let offset = offset ?? position
        var counter = PlaceCounter()
        return JSONError(offset: offset, mark: counter.advance(to: offset, in: bytes), problem: problem)
    }
}
