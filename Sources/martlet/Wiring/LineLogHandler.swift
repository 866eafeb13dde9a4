internal import Controller
internal import Logging
internal import Model

/// Writes the log, one line for each record.
struct LineLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let output: LogOutput
    private let now: @Sendable () -> Timestamp
    private let line: @Sendable (LogRecord) -> [UInt8]

    /// - Parameter line: What a record looks like, with the line feed: `JSONLogLine.bytes`, `TextLogLine.bytes`.
    init(
        label: String, output: LogOutput = .standardError,
        now: @escaping @Sendable () -> Timestamp = Timestamp.current, line: @escaping @Sendable (LogRecord) -> [UInt8]
    ) {
        self.label = label
        self.output = output
        self.now = now
        self.line = line
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let leftOut = output.takeLeftOut()
        let record = LogRecord(
            event, label: label, metadata: metadata, provided: metadataProvider?.get(), time: now(), leftOut: leftOut)
        output.write(line(record), leftOut: leftOut)
    }
}
