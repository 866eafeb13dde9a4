internal import Synchronization

/// A request whose response is read while it comes.
final class StreamExchange: Exchange {
    typealias HeadWaiter = CheckedContinuation<Result<HTTPHead, HTTPError>, Never>
    typealias Waiter = CheckedContinuation<Result<[UInt8]?, HTTPError>, Never>

    private struct State {
        var head: Result<HTTPHead, HTTPError>?
        var headWaiter: HeadWaiter?
        var buffer = StreamBuffer()
        var waiter: Waiter?
        var isCancelled = false
    }

    let request: HTTPRequest
    var isStream: Bool { true }
    private let state = Mutex(State())

    init(_ request: HTTPRequest) {
        self.request = request
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Before the loop gets it; it may have been cancelled already.
    func waitForHead(_ waiter: HeadWaiter) {
        let head = state.withLock { state in
            if state.head == nil { state.headWaiter = waiter }
            return state.head
        }
        if let head { waiter.resume(returning: head) }
    }

    func received(head: HTTPHead) { settleHead(.success(head)) }

    func received(body: UnsafeRawBufferPointer) -> BodyReception {
        let (waiter, bytes, reception) = state.withLock { state -> (Waiter?, [UInt8]?, BodyReception) in
            switch state.buffer.receive(body) {
            case .handOver(let bytes):
                defer { state.waiter = nil }
                return (state.waiter, bytes, .taken)
            case .held: return (nil, nil, .taken)
            case .paused: return (nil, nil, .paused)
            case .unwanted: return (nil, nil, .refused(.cancelled()))
            }
        }
        waiter?.resume(returning: .success(bytes))
        return reception
    }

    func ended(_ failure: HTTPError?) {
        settleHead(.failure(failure ?? HTTPError(.brokenOff, "the server's answer has no head")))
        let waiter = state.withLock { state -> Waiter? in
            guard state.buffer.finish(failure) else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: failure.map { .failure($0) } ?? .success(nil))
    }

    /// Waits for the next bytes. `goOn` is called if libcurl has to be told to go on.
    func next(_ waiter: Waiter, goOn: () -> Void) {
        let taking = state.withLock { state in
            let taking = state.buffer.take()
            if taking == .wait { state.waiter = waiter }
            return taking
        }
        switch taking {
        case .bytes(let bytes, let goesOn):
            if goesOn { goOn() }
            waiter.resume(returning: .success(bytes))
        case .wait: break
        case .ended: waiter.resume(returning: .success(nil))
        case .failed(let error): waiter.resume(returning: .failure(error))
        }
    }

    func cancel() {
        let waiter = state.withLock { state -> Waiter? in
            state.isCancelled = true
            guard state.buffer.cancel() else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: .failure(.cancelled()))
        settleHead(.failure(.cancelled()))
    }

    private func settleHead(_ head: Result<HTTPHead, HTTPError>) {
        let waiter = state.withLock { state -> HeadWaiter? in
            guard state.head == nil else { return nil }
            state.head = head
            defer { state.headWaiter = nil }
            return state.headWaiter
        }
        waiter?.resume(returning: head)
    }
}
