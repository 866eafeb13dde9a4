internal import Logging
internal import Model

/// What a line of the log says, whatever its form.
struct LogRecord {
    /// In characters, of the message and of each value: a log is read line by line.
    static let textLimit = 8192

    var time: String
    var level: Logger.Level
    var label: String
    /// The module that says it.
    var source: String
    var message: String
    /// By their keys.
    var metadata: [(key: String, value: Logger.MetadataValue)]

    /// - Parameter leftOut: Lines before this one that could not be written.
    init(
        _ event: LogEvent, label: String, metadata base: Logger.Metadata, provided: Logger.Metadata?,
        time: Timestamp, leftOut: Int
    ) {
        self.time = Self.text(of: time)
        level = event.level
        self.label = label
        source = event.source
        message = event.message.description
        var all = base
        all.merge(provided ?? [:]) { $1 }
        all.merge(event.metadata ?? [:]) { $1 }
        if let error = event.error {
            all["error.message"] = "\(error)"
            all["error.type"] = "\(String(reflecting: type(of: error)))"
        }
        if leftOut > 0 { all["log.left_out"] = "\(leftOut)" }
        metadata = all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// RFC 3339 in UTC, always with microseconds, so that lines sort by it.
    static func text(of time: Timestamp) -> String {
        let text = time.description
        return text.contains(".") ? text : text.dropLast() + ".000000Z"
    }
}
