import Threads

extension NamedThread {
    /// Runs a call that may block on a thread of its own, and gives back its result.
    ///
    /// Such calls are questions asked about once a second; a thread costs some 50 µs, holds nothing up behind a call
    /// that hangs, and leaves none idle.
    static func run<Value: Sendable>(
        _ name: String, _ body: @escaping @Sendable () throws(KafkaError) -> Value
    ) async throws(KafkaError) -> Value {
        let result: Result<Value, KafkaError> = await withCheckedContinuation { continuation in
            do throws(ThreadError) {
                try start(name) { continuation.resume(returning: Result { () throws(KafkaError) in try body() }) }
            } catch {
                continuation.resume(returning: .failure(KafkaError(error)))
            }
        }
        return try result.get()
    }

    /// Runs a client's loop until it ends.
    static func serve(_ name: String, _ body: @escaping @Sendable () -> Void) throws(KafkaError) {
        do throws(ThreadError) {
            try start(name, body)
        } catch {
            throw KafkaError(error)
        }
    }
}

extension KafkaError {
    fileprivate init(_ error: ThreadError) {
        self.init(.failed, error.description)
    }
}
