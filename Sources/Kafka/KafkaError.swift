import CKafka

/// Something Kafka or librdkafka could not do.
///
/// `description` is a sentence for a user: what it is about, librdkafka's reason, and what can be done about it.
package struct KafkaError: Error, Sendable, Equatable {
    /// What the error is about, as far as librdkafka says.
    package enum Subject: Sendable, Equatable {
        case property(String)
        case topic(String)
        case partition(KafkaPartition)
    }

    package let code: Code
    /// librdkafka's own words.
    package let reason: String
    package let subject: Subject?
    /// The client can't be used any more: close it and make a new one.
    package let isFatal: Bool
    /// The same call may succeed later, with nothing changed by the user.
    package let isRetriable: Bool

    package init(
        _ code: Code, _ reason: String? = nil, about subject: Subject? = nil, isFatal: Bool = false,
        isRetriable: Bool? = nil
    ) {
        self.code = code
        self.reason = reason ?? code.meaning
        self.subject = subject
        self.isFatal = isFatal
        self.isRetriable = isFatal ? false : isRetriable ?? code.isRetriable
    }

    /// librdkafka's name of the code, such as `_TIMED_OUT`.
    package var name: String { code.name }

    /// The same error, said to be about something.
    func about(_ subject: Subject) -> KafkaError {
        KafkaError(code, reason, about: subject, isFatal: isFatal, isRetriable: isRetriable)
    }
}

extension KafkaError: CustomStringConvertible {
    package var description: String {
        let place =
            switch subject {
            case .property(let name): "property \(name): "
            case .topic(let name): "topic \(name): "
            case .partition(let partition): "\(partition): "
            case nil: ""
            }
        let hint = code.hint.map { "; \($0)" } ?? ""
        return "Kafka: \(place)\(reason) (\(name))\(hint)"
    }
}

extension KafkaError {
    /// Reads and destroys an error object of librdkafka.
    static func consuming(_ error: OpaquePointer, about subject: Subject? = nil) -> KafkaError {
        defer { rd_kafka_error_destroy(error) }
        return KafkaError(
            Code(rd_kafka_error_code(error)), String(cString: rd_kafka_error_string(error)), about: subject,
            isFatal: rd_kafka_error_is_fatal(error) != 0,
            isRetriable: rd_kafka_error_is_retriable(error) != 0 ? true : nil)
    }

    /// Throws unless a call of librdkafka went well.
    static func check(_ code: rd_kafka_resp_err_t, about subject: Subject? = nil) throws(KafkaError) {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw KafkaError(Code(code), about: subject) }
    }

    static let closed = KafkaError(.closed, "the client is closed")
}
