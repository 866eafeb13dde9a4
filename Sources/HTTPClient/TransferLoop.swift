internal import CCurl

/// The work of a client's one thread: libcurl's transfers from their start to their end.
///
/// A transfer that waits costs nothing: the thread sleeps in `curl_multi_poll` until a socket, a timer of libcurl's, a
/// command or a stream's deadline wakes it.
final class TransferLoop {
    private let queue: TransferQueue
    private let multi: MultiHandle
    private let options: TransferOptions
    private let clock = ContinuousClock()
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    /// The same, by libcurl's handle.
    private var exchanges: [UnsafeMutableRawPointer: ObjectIdentifier] = [:]
    private var isRetired = false
    /// Streams that don't flow yet.
    private var deadlines: [ObjectIdentifier: ContinuousClock.Instant] = [:]

    init(_ queue: TransferQueue, _ multi: MultiHandle, _ settings: HTTPClientSettings) {
        self.queue = queue
        self.multi = multi
        options = TransferOptions(settings)
    }

    /// Runs until it is told to close.
    func run() {
        var failure = HTTPError.closed()
        while perform(queue.take()), !isRetired || !transfers.isEmpty {
            let code = turn()
            if code == CURLM_OK { continue }
            // Out of memory or descriptors, in a way that libcurl doesn't get over. Whoever uses the client is told.
            failure = HTTPError(.unusable, "libcurl: \(String(cString: curl_multi_strerror(code)))")
            break
        }
        for (_, transfer) in transfers { end(transfer, failure) }
        multi.close()
        for case .start(let exchange) in queue.end() { exchange.ended(.closed(nothingSent: true)) }
    }

    private func turn() -> CURLMcode {
        multi.with { handle in
            var running: Int32 = 0
            let code = curl_multi_perform(handle, &running)
            guard code == CURLM_OK else { return code }
            finishDone(handle)
            expire()
            return curl_multi_poll(handle, nil, 0, patience, nil)
        }
    }

    /// How long to sleep at most, in milliseconds, rounded up so that a deadline is past on waking.
    private var patience: Int32 {
        guard let next = deadlines.values.min() else { return 60_000 }
        let (seconds, fraction) = (next - clock.now).components
        return Int32(clamping: max(0, seconds * 1000 + fraction / 1_000_000_000_000_000 + 1))
    }

    /// False once it is over.
    private func perform(_ commands: [TransferCommand]) -> Bool {
        var goesOn = true
        for command in commands {
            switch command {
            case .start(let exchange): start(exchange)
            case .goOn(let id): transfers[id]?.goOn()
            case .cancel(let id):
                if let transfer = transfers[id] { end(transfer, .cancelled(nothingSent: transfer.nothingSent)) }
            case .close: goesOn = false
            case .retire: isRetired = true
            }
        }
        return goesOn
    }

    private func start(_ exchange: any Exchange) {
        guard !exchange.isCancelled else { return exchange.ended(.cancelled(nothingSent: true)) }
        let transfer: Transfer
        do throws(HTTPError) {
            transfer = try Transfer(exchange, options)
        } catch {
            return exchange.ended(error)
        }
        let code = multi.with { curl_multi_add_handle($0, transfer.handle) }
        guard code == CURLM_OK else {
            return exchange.ended(
                HTTPError(.unusable, "libcurl: \(String(cString: curl_multi_strerror(code)))", nothingSent: true))
        }
        let id = ObjectIdentifier(exchange)
        transfers[id] = transfer
        exchanges[transfer.handle] = id
        if exchange.isStream { deadlines[id] = clock.now + .seconds(exchange.request.timeoutSeconds) }
    }

    private func finishDone(_ handle: UnsafeMutableRawPointer) {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(handle, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let id = exchanges[easy], let transfer = transfers[id]
            else { continue }
            // Read now: ending the transfer frees the message.
            end(transfer, transfer.outcome(message.pointee.data.result))
        }
    }

    /// Ends the streams that are late. An answer that isn't the one asked for has to come whole within the time.
    private func expire() {
        let now = clock.now
        for (id, deadline) in deadlines {
            guard let transfer = transfers[id] else { continue }
            if transfer.flows {
                deadlines[id] = nil
            } else if deadline <= now {
                let seconds = transfer.exchange.request.timeoutSeconds
                let words = transfer.hasHead ? "no complete answer" : "no answer"
                end(
                    transfer,
                    HTTPError(.timedOut, "\(words) within \(seconds) seconds", nothingSent: transfer.nothingSent))
            }
        }
    }

    private func end(_ transfer: Transfer, _ failure: HTTPError?) {
        let id = ObjectIdentifier(transfer.exchange)
        _ = multi.with { curl_multi_remove_handle($0, transfer.handle) }
        exchanges[transfer.handle] = nil
        transfers[id] = nil
        deadlines[id] = nil
        transfer.exchange.ended(failure)
    }
}
