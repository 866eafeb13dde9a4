internal import Logging
internal import Model

/// Writes the log for people: the time, the level, who says it, metadata by their keys, and the message, on one line.
///
/// Nothing in it makes a terminal do anything, or looks like another line.
struct TextLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let output: LogOutput
    private let now: @Sendable () -> Timestamp

    init(
        label: String, output: LogOutput = .standardError,
        now: @escaping @Sendable () -> Timestamp = { LogRecord.now() }
    ) {
        self.label = label
        self.output = output
        self.now = now
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let leftOut = output.takeLeftOut()
        let record = LogRecord(
            event, label: label, metadata: metadata, provided: metadataProvider?.get(), time: now(), leftOut: leftOut)
        output.write(Self.line(record), leftOut: leftOut)
    }

    static func line(_ record: LogRecord) -> [UInt8] {
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
