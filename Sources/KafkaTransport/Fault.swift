import AgentProtocol
import Kafka

/// What is wrong with a record that is set aside.
struct Fault: Equatable, Sendable {
    /// What `martlet_reason` says.
    enum Reason: String, CaseIterable, Sendable {
        /// No JSON, or without a field that it needs, or with one that is out of bounds.
        case undecodable = "Undecodable"
        case missingHeader = "MissingHeader"
        case tooLarge = "TooLarge"
        case unknownType = "UnknownType"
        case unknownVersion = "UnknownVersion"
        case wrongDigest = "WrongDigest"
        /// A message of the protocol that doesn't belong on this topic.
        case misplaced = "Misplaced"
        case unsigned = "Unsigned"
        case unknownKey = "UnknownKey"
        case wrongSignature = "WrongSignature"
    }

    var reason: Reason
    /// A sentence without its full stop, for people.
    var detail: String

    init(_ error: EnvelopeError) {
        switch error {
        case .missingHeader(let name): (reason, detail) = (.missingHeader, "the header `\(name)` is missing")
        case .unknownType(let type):
            (reason, detail) = (.unknownType, "`\(type.prefix(128))` is no type of the agent protocol")
        case .unknownVersion(let type):
            (reason, detail) = (
                .unknownVersion, "`\(type.prefix(128))` is of another version; this one is `\(Envelope.typeSuffix)`"
            )
        case .tooLarge(let bytes):
            (reason, detail) = (.tooLarge, "it has \(bytes) bytes, more than \(Envelope.valueLimit)")
        case .wrongDigest: (reason, detail) = (.wrongDigest, "the digest isn't that of the work")
        case .invalid(let problem): (reason, detail) = (.undecodable, String(problem.prefix(512)))
        }
    }

    init(_ error: SignatureError) {
        detail = error.description
        reason =
            switch error {
            case .unsigned: .unsigned
            case .unknownKey: .unknownKey
            case .wrong: .wrongSignature
            }
    }

    private init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }

    static func misplaced(_ message: Message) -> Fault {
        Fault(.misplaced, "`\(message.type)` doesn't belong on this topic")
    }
}

extension Arrival {
    /// Why the record is to be set aside by whoever reads its topic; nil where it belongs there or isn't ours.
    var fault: Fault? {
        switch content {
        case .foreign: nil
        case .faulty(let fault): fault
        case .message(let message): isInPlace(message) ? nil : .misplaced(message)
        }
    }

    private func isInPlace(_ message: Message) -> Bool {
        switch message {
        case .controller: !record.topic.hasSuffix(".results") && !record.topic.hasSuffix(".presence")
        case .report: record.topic.hasSuffix(".results")
        case .presence: record.topic.hasSuffix(".presence")
        case .log: false
        }
    }
}
