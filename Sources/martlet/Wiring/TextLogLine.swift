internal import Logging
internal import Model

/// A record of the log for people: the time, the level, who says it, metadata by their keys, and the message.
///
/// Nothing in it makes a terminal do anything, or looks like another line.
enum TextLogLine {
    @Sendable static func bytes(_ record: LogRecord) -> [UInt8] {
        var line = "\(record.time) \(record.level.rawValue)\(record.label.isEmpty ? "" : " ")\(record.label):"
        for (key, value) in record.metadata { line += " \(key.shown())=\(quoted(text(value)))" }
        line += " \(record.message.shown(LogRecord.textLimit))\n"
        return Array(line.utf8)
    }

    /// Nested values in the order of their keys, too.
    private static func text(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let other): other.description
        case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
        case .dictionary(let values):
            "{\(values.sorted { $0.key < $1.key }.map { "\($0.key): \(text($0.value))" }.joined(separator: ", "))}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let text = text.shown(LogRecord.textLimit)
        guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return text }
        return "\"\(text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\""))\""
    }
}
