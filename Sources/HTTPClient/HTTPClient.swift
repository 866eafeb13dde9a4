internal import Synchronization

/// A client for HTTP/1.1 and HTTP/2 on libcurl: one thread for requests, connections kept and shared, and another
/// thread once there are streams.
///
/// Guarantees: certificates are verified unless the settings say otherwise. No redirect is followed, no cookie kept, no
/// `.netrc` read. A request is sent at most once, but for one without a body on a kept connection that turns out to be
/// dead before anything of a response has come, which libcurl sends again. Cancelling a task ends its request.
package final class HTTPClient: Sendable {
    private struct Streams {
        var queue: TransferQueue?
        var isClosed = false
    }

    private let settings: HTTPClientSettings
    private let name: String
    private let requests: TransferQueue
    private let streams = Mutex(Streams())

    /// - Throws: `HTTPError` where libcurl or the system gives no client. Settings that make no sense show with the
    ///   first request.
    package init(_ settings: HTTPClientSettings = HTTPClientSettings(), name: String = "http") throws(HTTPError) {
        self.settings = settings
        self.name = name
        requests = try TransferQueue.serving(settings, name: name)
    }

    deinit {
        // The backstop: streams that somebody still holds go on until their owners let go of them.
        requests.send(.close)
        streams.withLock { _ = $0.queue?.send(.retire) }
    }

    /// Sends a request and reads the whole response, whatever its status.
    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let exchange = WholeExchange(request, maxBodyBytes: settings.maxBodyBytes)
        let queue = requests
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: WholeExchange.Waiter) in
                exchange.wait(waiter)
                if !queue.send(.start(exchange)) { exchange.ended(.closed(nothingSent: true)) }
            }
        } onCancel: {
            exchange.cancel()
            queue.send(.cancel(ObjectIdentifier(exchange)))
        }
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
        let streams = streams.withLock { streams in
            streams.isClosed = true
            return streams.queue
        }
        requests.send(.close)
        streams?.send(.close)
        await requests.waitForEnd()
        await streams?.waitForEnd()
    }

    /// Streams have a `CURLM` to themselves. Where connections over HTTP/1.1 and HTTP/2 to the same server meet in one,
    /// libcurl takes those in use over HTTP/1.1 for ones that can be shared, and mixes up requests (curl issue 4885; in
    /// 7.88 still).
    private func streamQueue() throws(HTTPError) -> TransferQueue {
        try streams.withLock { streams throws(HTTPError) in
            if streams.isClosed { throw .closed(nothingSent: true) }
            if let queue = streams.queue { return queue }
            let queue = try TransferQueue.serving(settings, name: "\(name)-streams")
            streams.queue = queue
            return queue
        }
    }
}
