internal import Document
internal import Logging

/// A record of the log as one JSON object, for programs that collect logs.
///
/// `time`, `level`, `message` and `logger` come first, then metadata by their keys, at the top level: `run`, `stage`,
/// `namespace`. One that is called like one of the four has `metadata.` before its name.
enum JSONLogLine {
    private static let ownKeys: Set<String> = ["time", "level", "message", "logger"]

    @Sendable static func bytes(_ record: LogRecord) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("time", record.time)
        json.member("level", record.level.rawValue)
        json.member("message", bounded(record.message))
        json.member("logger", record.label)
        for (key, value) in record.metadata {
            json.key(ownKeys.contains(key) ? "metadata.\(key)" : key)
            write(value, into: &json)
        }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(_ value: Logger.MetadataValue, into json: inout JSONWriter) {
        switch value {
        case .string(let text): json.string(bounded(text))
        case .stringConvertible(let number as any FixedWidthInteger & Sendable):
            // `any` doesn't open into the writer's generic parameter by itself.
            write(number, into: &json)
        case .stringConvertible(let number as Double): json.double(number)
        case .stringConvertible(let flag as Bool): json.bool(flag)
        case .stringConvertible(let other): json.string(bounded(other.description))
        case .array(let values):
            json.beginArray()
            for value in values { write(value, into: &json) }
            json.endArray()
        case .dictionary(let values):
            json.beginObject()
            for (key, value) in values.sorted(by: { $0.key < $1.key }) {
                json.key(key)
                write(value, into: &json)
            }
            json.endObject()
        }
    }

    private static func write(_ number: some FixedWidthInteger, into json: inout JSONWriter) { json.int(number) }

    private static func bounded(_ text: String) -> String {
        guard text.utf8.count > LogRecord.textLimit else { return text }
        let end = text.unicodeScalars.index(
            text.startIndex, offsetBy: LogRecord.textLimit, limitedBy: text.endIndex)
        return end.map { $0 == text.endIndex ? text : text[..<$0] + "…" } ?? text
    }
}
