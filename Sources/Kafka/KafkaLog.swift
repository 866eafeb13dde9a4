/// A line of librdkafka's own log.
package struct KafkaLogLine: Sendable {
    /// syslog's levels: 3 is an error, 4 a warning, 6 information, 7 debugging.
    package var level: Int
    /// librdkafka's short name of what the line is about, such as `FAIL`.
    package var facility: String
    package var text: String
}

/// Takes log lines. It is called on librdkafka's own threads, so it must be quick and must not call the client.
package typealias KafkaLogHandler = @Sendable (KafkaLogLine) -> Void
