import CKafka
import Glibc

/// A POSIX thread with a name that shows in `top -H` and debuggers, for calls that block.
///
/// Swift's cooperative pool has one thread a core, so nothing in this target blocks there.
enum NamedThread {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread that ends when `body` does. Linux shows the first 15 bytes of the name.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(KafkaError) {
        // Retained by hand because C carries it over to the new thread, which takes it back.
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                // Balances the retain of the thread that started this one.
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                ckafka_name_this_thread(start.name)
                // Signals are for the process's own threads, not for one that sits in a blocking call.
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_BLOCK, &all, nil)
                start.body()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw KafkaError(.failed, "no thread could be started: \(String(cString: strerror(status)))")
        }
        pthread_detach(thread)
    }

    /// Runs a call that may block on a thread of its own, and gives back its result.
    ///
    /// Such calls are questions asked about once a second; a thread costs some 50 µs, holds nothing up behind a call
    /// that hangs, and leaves none idle.
    static func run<Value: Sendable>(
        _ name: String, _ body: @escaping @Sendable () throws(KafkaError) -> Value
    ) async throws(KafkaError) -> Value {
        let result: Result<Value, KafkaError> = await withCheckedContinuation { continuation in
            do throws(KafkaError) {
                try start(name) { continuation.resume(returning: Result { () throws(KafkaError) in try body() }) }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }
}
