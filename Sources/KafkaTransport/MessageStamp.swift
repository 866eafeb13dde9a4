import AgentProtocol
import Controller
import Kafka
import Model
import Synchronization

/// Writes one sender's messages as records, those to agents signed. Headers that never change are made once.
final class MessageStamp: Sendable {
    private static let idPlace = 1
    private static let sourcePlace = 2
    private static let typePlace = 3
    private static let subjectPlace = 4
    private static let timePlace = 5
    private static let installationPlace = 6

    /// `/controllers/…` or `/agents/…`.
    let source: String
    private let signer: MessageSigner?

    /// By `kind(of:)`.
    private let templates: [[KafkaHeader]]
    /// Of the ids: `source` may come again after a restart, and id and source together must be unique.
    private let prefix: String
    private let counter = Atomic<UInt64>(0)

    /// - Parameter source: `/controllers/…` or `/agents/…`.
    init(source: String, installation: String, signer: MessageSigner? = nil) {
        self.source = source
        self.signer = signer
        prefix = String(UInt64.random(in: .min ... .max), radix: 36) + "-"
        templates = Self.kinds.map { kind in
            [
                KafkaHeader("ce_specversion", "1.0"), KafkaHeader("ce_id", []), KafkaHeader("ce_source", source),
                KafkaHeader("ce_type", "\(Envelope.typePrefix)\(kind)\(Envelope.typeSuffix)"),
                KafkaHeader("ce_subject", []), KafkaHeader("ce_time", []),
                KafkaHeader("ce_installation", installation), KafkaHeader("content-type", "application/json"),
            ]
        }
    }

    func record(_ message: Message, topic: String, partition: Int? = nil, time: Timestamp = .current()) -> KafkaMessage
    {
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        var headers = templates[Self.kind(of: message)]
        headers[Self.idPlace].value = Array((prefix + String(number)).utf8)
        headers[Self.subjectPlace].value = Array(message.subject.utf8)
        headers[Self.timePlace].value = Array(time.description.utf8)
        // The envelope's attributes are in the headers; of it only the value is wanted here.
        let value = Envelope(id: "", source: "", installation: "", time: time, message: message).value
        if let signer, case .controller = message {
            let content = SignedContent(
                type: headers[Self.typePlace].value, id: headers[Self.idPlace].value,
                source: headers[Self.sourcePlace].value, installation: headers[Self.installationPlace].value,
                time: headers[Self.timePlace].value, value: value)
            headers += signer.sign(content)?.headers.map { KafkaHeader($0.name, $0.value) } ?? []
        }
        return KafkaMessage(
            topic: topic, partition: partition.map { Int32($0) }, key: message.key.map { Array($0.utf8) },
            value: value, headers: headers)
    }

    private static let kinds = [
        "assign", "stop", "drain", "report", "claimed", "declined", "progress", "finished", "presence", "log",
    ]

    private static func kind(of message: Message) -> Int {
        switch message {
        case .controller(.assign): 0
        case .controller(.stop): 1
        case .controller(.drain): 2
        case .controller(.report): 3
        case .report(let report):
            switch report.event {
            case .claimed: 4
            case .declined: 5
            case .progress: 6
            case .finished: 7
            }
        case .presence: 8
        case .log: 9
        }
    }
}
