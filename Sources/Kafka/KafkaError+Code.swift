import CKafka

extension KafkaError {
    /// A code of librdkafka: negative ones are its own, positive ones come from a broker.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: Int32

        package init(rawValue: Int32) { self.rawValue = rawValue }

        init(_ code: rd_kafka_resp_err_t) { rawValue = code.rawValue }

        private var native: rd_kafka_resp_err_t { rd_kafka_resp_err_t(rawValue: rawValue) }

        /// librdkafka's name, such as `_TIMED_OUT` or `TOPIC_AUTHORIZATION_FAILED`.
        package var name: String { rd_kafka_err2name(native).map { String(cString: $0) } ?? "\(rawValue)" }

        /// librdkafka's sentence for the code.
        package var meaning: String { rd_kafka_err2str(native).map { String(cString: $0) } ?? "error \(rawValue)" }
    }
}

extension KafkaError.Code {
    package static let closed = Self(RD_KAFKA_RESP_ERR__DESTROY)
    package static let failed = Self(RD_KAFKA_RESP_ERR__FAIL)
    package static let invalidArgument = Self(RD_KAFKA_RESP_ERR__INVALID_ARG)
    package static let conflict = Self(RD_KAFKA_RESP_ERR__CONFLICT)
    package static let state = Self(RD_KAFKA_RESP_ERR__STATE)
    package static let fatal = Self(RD_KAFKA_RESP_ERR__FATAL)
    package static let timedOut = Self(RD_KAFKA_RESP_ERR__TIMED_OUT)
    /// A message's own time limit (`message.timeout.ms`) passed before it was acknowledged.
    package static let messageTimedOut = Self(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
    package static let queueFull = Self(RD_KAFKA_RESP_ERR__QUEUE_FULL)
    package static let messageTooLarge = Self(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    package static let purgedInQueue = Self(RD_KAFKA_RESP_ERR__PURGE_QUEUE)
    /// Dropped after it was sent: it may or may not be in the log.
    package static let purgedInFlight = Self(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
    package static let transport = Self(RD_KAFKA_RESP_ERR__TRANSPORT)
    package static let allBrokersDown = Self(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    package static let unresolvableHost = Self(RD_KAFKA_RESP_ERR__RESOLVE)
    package static let authentication = Self(RD_KAFKA_RESP_ERR__AUTHENTICATION)
    package static let tls = Self(RD_KAFKA_RESP_ERR__SSL)
    package static let unknownPartition = Self(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
    package static let unknownTopic = Self(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
    package static let unknownTopicOrPartition = Self(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    package static let topicAlreadyExists = Self(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    package static let topicNotAuthorized = Self(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    package static let groupNotAuthorized = Self(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    package static let clusterNotAuthorized = Self(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
    package static let offsetOutOfRange = Self(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
    package static let unsupportedFeature = Self(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)

    /// Whether trying again may help by itself. librdkafka says so only for some of its calls; this is for the others.
    var isRetriable: Bool {
        switch native {
        case RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
            RD_KAFKA_RESP_ERR__QUEUE_FULL, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__WAIT_COORD,
            RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            RD_KAFKA_RESP_ERR_NOT_CONTROLLER, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
            true
        default: false
        }
    }

    /// What a user can do about it, where that isn't plain from the reason.
    var hint: String? {
        switch self {
        case .transport, .allBrokersDown, .unresolvableHost, .timedOut:
            "check that the brokers in bootstrap.servers are up and reachable from here"
        case .authentication: "check sasl.mechanism, sasl.username and sasl.password"
        case .tls: "check security.protocol, ssl.ca.location and the client's certificate"
        case .topicNotAuthorized: "allow this principal to Read, Write, Describe and Create the topic"
        case .groupNotAuthorized: "allow this principal to Read the group, or set another group.id"
        case .clusterNotAuthorized: "allow this principal to Create topics (and IdempotentWrite before Kafka 3.0)"
        case .unknownTopic, .unknownPartition, .unknownTopicOrPartition:
            "create the topic with enough partitions, and allow this principal to Describe it"
        case .messageTooLarge: "raise message.max.bytes here and on the topic, or send less"
        default: nil
        }
    }
}
