internal import Synchronization

/// A request on its way, as its caller and the loop's thread share it.
protocol Exchange: AnyObject, Sendable {
    var request: HTTPRequest { get }
    /// A response that goes on: it has a timeout for its head alone, a connection of its own, and can be paused.
    var isStream: Bool { get }
    /// Set before the loop is told, which may not have begun with it.
    var isCancelled: Bool { get }

    // Called on the loop's thread.
    func received(head: HTTPHead)
    func received(body: UnsafeRawBufferPointer) -> BodyReception
    /// Once, and last.
    func ended(_ failure: HTTPError?)
}

enum BodyReception: Equatable {
    case taken
    case paused
    case refused(HTTPError)
}

/// A request whose response is wanted whole.
final class WholeExchange: Exchange {
    typealias Waiter = CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>

    private struct State {
        var head: HTTPHead?
        var body: [UInt8] = []
        var waiter: Waiter?
        var queue: TransferQueue?
        var isCancelled = false
    }

    let request: HTTPRequest
    var isStream: Bool { false }
    private let maxBodyBytes: Int
    private let state = Mutex(State())

    init(_ request: HTTPRequest, maxBodyBytes: Int) {
        self.request = request
        self.maxBodyBytes = maxBodyBytes
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func cancel() { state.withLock { $0.isCancelled = true } }

    /// Before the loop gets it.
    func wait(_ waiter: Waiter, at queue: TransferQueue) {
        state.withLock { state in
            state.waiter = waiter
            state.queue = queue
        }
    }

    func wasServed(by queue: TransferQueue) -> Bool { state.withLock { $0.queue === queue } }

    func received(head: HTTPHead) { state.withLock { $0.head = head } }

    func received(body: UnsafeRawBufferPointer) -> BodyReception {
        state.withLock { state in
            guard state.body.count + body.count <= maxBodyBytes else {
                return .refused(HTTPError(.tooLarge, "the response is larger than \(maxBodyBytes) bytes"))
            }
            state.body.append(contentsOf: body)
            return .taken
        }
    }

    func ended(_ failure: HTTPError?) {
        let (waiter, result) = state.withLock { state -> (Waiter?, Result<HTTPResponse, HTTPError>) in
            defer { state.waiter = nil }
            if let failure { return (state.waiter, .failure(failure)) }
            guard let head = state.head else {
                return (state.waiter, .failure(HTTPError(.brokenOff, "the server's answer has no head")))
            }
            return (state.waiter, .success(HTTPResponse(head: head, body: state.body)))
        }
        waiter?.resume(returning: result)
    }
}
