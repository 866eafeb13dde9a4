internal import Synchronization

/// A client for HTTP/1.1 and HTTP/2 on libcurl: one thread for requests, connections kept and shared, and another
/// thread once there are streams.
///
/// Guarantees: certificates are verified unless the settings say otherwise. No redirect is followed, no cookie kept, no
/// `.netrc` read. A request is sent at most once, but for one without a body on a kept connection that turns out to be
/// dead before anything of a response has come, which libcurl sends again. Cancelling a task ends its request.
package final class HTTPClient: Sendable {
    private struct Queues {
        var requests: TransferQueue
        var streams: TransferQueue?
        /// Those that take no further request, while their last ones end.
        var retired: [TransferQueue] = []
        var isClosed = false

        var all: [TransferQueue] { [requests] + (streams.map { [$0] } ?? []) + retired }
    }

    private let settings: HTTPClientSettings
    private let name: String
    private let queues: Mutex<Queues>

    /// - Throws: `HTTPError` where libcurl or the system gives no client. Settings that make no sense show with the
    ///   first request.
    package init(_ settings: HTTPClientSettings = HTTPClientSettings(), name: String = "http") throws(HTTPError) {
        self.settings = settings
        self.name = name
        queues = Mutex(
            Queues(
                requests: try TransferQueue.serving(
                    settings, name: name, maxConnections: settings.maxConnectionsPerHost)))
    }

    deinit {
        // The backstop. Streams that somebody still holds go on until their owners let go of them.
        queues.withLock { queues in
            for queue in queues.all { queue.send(.retire) }
        }
    }

    /// Sends a request and reads the whole response, whatever its status.
    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let exchange = WholeExchange(request, maxBodyBytes: settings.maxBodyBytes)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: WholeExchange.Waiter) in
                // Within the lock: a queue that has been left takes nothing more.
                let isTaken = queues.withLock { queues in
                    exchange.wait(waiter, at: queues.requests)
                    return queues.requests.send(.start(exchange))
                }
                if !isTaken { exchange.ended(.closed(nothingSent: true)) }
            }
        } onCancel: {
            exchange.cancel()
            for queue in queues.withLock({ $0.all }) { queue.send(.cancel(ObjectIdentifier(exchange))) }
        }
        if case .failure(let error) = result, error.kind == .timedOut, !error.nothingSent { leave(exchange) }
        return try result.get()
    }

    /// Sends a request and gives its response, whatever its status, as soon as the head has come.
    ///
    /// It goes on over HTTP/1.1, on a connection of its own; see `HTTPStream` for what nobody reads.
    package func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        let exchange = StreamExchange(request)
        let queue = try streamQueue()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: StreamExchange.HeadWaiter) in
                exchange.waitForHead(waiter)
                if !queue.send(.start(exchange)) { exchange.ended(.closed(nothingSent: true)) }
            }
        } onCancel: {
            exchange.cancel()
            queue.send(.cancel(ObjectIdentifier(exchange)))
        }
        return HTTPStream(head: try result.get(), exchange, queue)
    }

    /// Ends all requests and streams, closes all connections, and returns once the threads have ended. May be called
    /// more than once.
    package func close() async {
        let queues = queues.withLock { queues in
            queues.isClosed = true
            return queues.all
        }
        for queue in queues { queue.send(.close) }
        for queue in queues { await queue.waitForEnd() }
    }

    /// Streams have a `CURLM` to themselves. Where connections over HTTP/1.1 and HTTP/2 to the same server meet in one,
    /// libcurl takes those in use over HTTP/1.1 for ones that can be shared, and mixes up requests (curl issue 4885; in
    /// 7.88 still).
    private func streamQueue() throws(HTTPError) -> TransferQueue {
        try queues.withLock { queues throws(HTTPError) in
            if queues.isClosed { throw .closed(nothingSent: true) }
            if let queue = queues.streams { return queue }
            let queue = try TransferQueue.serving(settings, name: "\(name)-streams", maxConnections: nil)
            queues.streams = queue
            return queue
        }
    }

    /// Further requests get new connections, since one of those that are there has swallowed a request. libcurl would go
    /// on using a connection over HTTP/2 that is up but leads nowhere, such as behind a load balancer, for all of them.
    /// What is under way ends as it will.
    private func leave(_ exchange: WholeExchange) {
        queues.withLock { queues in
            guard !queues.isClosed, exchange.wasServed(by: queues.requests),
                // Where there is no new thread, the old one has to do.
                let fresh = try? TransferQueue.serving(
                    settings, name: name, maxConnections: settings.maxConnectionsPerHost)
            else { return }
            queues.requests.send(.retire)
            queues.retired.removeAll { $0.isOver }
            queues.retired.append(queues.requests)
            queues.requests = fresh
        }
    }
}
