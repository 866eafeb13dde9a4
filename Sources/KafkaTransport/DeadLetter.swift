import AgentProtocol
import Kafka

/// A record that is set aside: as it was, with where it stood and what is wrong with it.
struct DeadLetter: Sendable {
    /// Of the value; what is beyond is cut off.
    static let valueLimit = 256 << 10
    /// Of the headers that are kept; what is beyond is left out.
    static let headerCount = 64
    static let headerBytes = 32 << 10
    static let headerPrefix = "martlet_"

    let record: KafkaRecord
    let fault: Fault
    /// Who read it: `/agents/…`, `/controllers/…`, `/log-reader`.
    let reader: String
    /// When, as text.
    let time: String
    let installation: String
    /// Records before this one for which there was no room.
    let leftOut: Int

    /// The same for every copy of the record, whoever makes it.
    var key: String { "\(record.topic)/\(record.partition)/\(record.offset)" }

    func message(topic: String) -> KafkaMessage {
        func header(_ name: String, _ text: String) -> KafkaHeader { KafkaHeader(Self.headerPrefix + name, text) }
        var headers = [
            header("reason", fault.reason.rawValue), header("detail", fault.detail), header("topic", record.topic),
            header("partition", "\(record.partition)"), header("offset", "\(record.offset)"),
            header("reader", reader), header("time", time), header("installation", installation),
        ]
        if let timestamp = record.timestamp { headers.append(header("timestamp", "\(timestamp)")) }
        if let key = record.key { headers.append(KafkaHeader(Self.headerPrefix + "key", Array(key.prefix(1024)))) }
        let bytes = record.value?.count ?? 0
        if bytes > Self.valueLimit { headers.append(header("value_bytes", "\(bytes)")) }
        if leftOut > 0 { headers.append(header("left_out", "\(leftOut)")) }
        var room = Self.headerBytes
        // Whatever calls itself ours can't be: it would pass for what this process says of the record.
        for kept in record.headers.prefix(Self.headerCount) where !kept.name.hasPrefix(Self.headerPrefix) {
            room -= kept.name.utf8.count + kept.value.count
            if room < 0 { break }
            headers.append(kept)
        }
        return KafkaMessage(
            topic: topic, key: Array(key.utf8), value: record.value.map { Array($0.prefix(Self.valueLimit)) },
            headers: headers)
    }
}
