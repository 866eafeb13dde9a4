import AgentProtocol
import Kafka

/// A record as it was read: with its message, if it is one of this installation's.
struct Arrival: Sendable {
    let partition: KafkaPartition
    let offset: Int64
    let message: Message?
}

/// Turns records into messages. What is none is counted and left out: nothing that others write can hold reading up.
struct RecordReader: Sendable {
    private let installation: [UInt8]
    private let skipped: SkippedRecords

    init(installation: String, skipped: SkippedRecords) {
        self.installation = Array(installation.utf8)
        self.skipped = skipped
    }

    func message(of record: KafkaRecord) -> Message? {
        // By this header alone, so that other installations' records cost no parsing.
        if let owner = record.headers.first(where: { $0.name == "ce_installation" }), owner.value != installation {
            skipped.noteForeign()
            return nil
        }
        let headers = record.headers.map { Envelope.Header($0.name, $0.value) }
        switch Envelope.decode(headers: headers, value: record.value ?? []) {
        case .success(let envelope): return envelope.message
        case .failure(let error):
            skipped.noteUnreadable(record, error)
            return nil
        }
    }
}
