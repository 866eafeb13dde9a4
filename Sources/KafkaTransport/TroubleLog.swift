import Kafka
import Logging
import Synchronization

/// Writes what Kafka complains of, each kind of trouble once in 30 seconds: librdkafka says the same with every try.
final class TroubleLog: Sendable {
    private let said = Mutex<[KafkaError.Code: ContinuousClock.Instant]>([:])
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    func note(_ error: KafkaError) {
        let now = ContinuousClock.now
        let isNew = said.withLock { said in
            if let last = said[error.code], now - last < .seconds(30) { return false }
            said[error.code] = now
            return true
        }
        if isNew { logger.warning("\(error)") }
    }

    func note(_ line: KafkaLogLine) {
        logger.debug("\(line.text)", metadata: ["librdkafka": "\(line.facility)"])
    }
}
