/// A response that goes on.
///
/// What nobody asks for stays with the server: beyond 64 KiB, reading from the connection pauses.
package final class HTTPStream: Sendable {
    package let head: HTTPHead
    private let exchange: StreamExchange
    private let queue: TransferQueue

    init(head: HTTPHead, _ exchange: StreamExchange, _ queue: TransferQueue) {
        self.head = head
        self.exchange = exchange
        self.queue = queue
    }

    deinit {
        cancel()
    }

    /// The next bytes, cut anywhere; nil once the response has ended in order. Only one caller at a time.
    ///
    /// Cancelling the task cancels the stream.
    package func next() async throws(HTTPError) -> [UInt8]? {
        let (exchange, queue) = (exchange, queue)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: StreamExchange.Waiter) in
                exchange.next(waiter) { queue.send(.goOn(ObjectIdentifier(exchange))) }
            }
        } onCancel: {
            Self.cancel(exchange, queue)
        }
        return try result.get()
    }

    /// Ends the response: what has come and wasn't read is dropped, and `next` throws. May be called more than once,
    /// from anywhere.
    package func cancel() {
        Self.cancel(exchange, queue)
    }

    private static func cancel(_ exchange: StreamExchange, _ queue: TransferQueue) {
        exchange.cancel()
        queue.send(.cancel(ObjectIdentifier(exchange)))
    }
}
