import AgentProtocol
import Kafka

/// A record as it was read, with what it turned out to be.
struct Arrival: Sendable {
    enum Content: Sendable {
        case message(Message)
        /// Another installation's: none of our business.
        case foreign
        case faulty(Fault)
    }

    let record: KafkaRecord
    let content: Content

    var partition: KafkaPartition { KafkaPartition(record.topic, record.partition) }
    var offset: Int64 { record.offset }
}

/// Turns records into messages. Nothing that others write can hold reading up.
struct RecordReader: Sendable {
    private let installation: [UInt8]

    init(installation: String) {
        self.installation = Array(installation.utf8)
    }

    func content(of record: KafkaRecord) -> Arrival.Content {
        // By this header alone, so that other installations' records cost no parsing.
        if let owner = record.headers.first(where: { $0.name == "ce_installation" }), owner.value != installation {
            return .foreign
        }
        let headers = record.headers.map { Envelope.Header($0.name, $0.value) }
        switch Envelope.decode(headers: headers, value: record.value ?? []) {
        case .success(let envelope): return .message(envelope.message)
        case .failure(let error): return .faulty(Fault(error))
        }
    }
}

extension MessageVerifier {
    /// Nil where a record is rightly signed. It is one that could be read, so all the headers are there.
    func refusal(of record: KafkaRecord) -> SignatureError? {
        // The first of a name, as `Envelope` reads them: what is checked must be what is obeyed.
        func header(_ name: String) -> [UInt8]? { record.headers.first { $0.name == name }?.value }
        let content = SignedContent(
            type: header("ce_type") ?? [], id: header("ce_id") ?? [], source: header("ce_source") ?? [],
            installation: header("ce_installation") ?? [], time: header("ce_time") ?? [], value: record.value ?? [])
        return refusal(
            of: content, signature: header(MessageSignature.signatureHeader),
            keyID: header(MessageSignature.keyHeader))
    }
}
