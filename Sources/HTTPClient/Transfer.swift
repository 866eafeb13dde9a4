internal import CCurl

/// One request in libcurl's hands: the owner of a `CURL`, and what libcurl calls back. On the loop's thread only.
final class Transfer {
    let handle: UnsafeMutableRawPointer
    let exchange: any Exchange
    private(set) var hasHead = false
    /// A stream that is what was asked for. Its time is no longer limited.
    private(set) var flows = false
    private var parser = HeadParser()
    private var bodySent = 0
    /// Why we broke it off, which libcurl can't know.
    private var refusal: HTTPError?
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private let words: UnsafeMutablePointer<CChar>

    init(_ exchange: any Exchange, _ options: TransferOptions) throws(HTTPError) {
        if let mistake = exchange.request.mistake { throw mistake }
        guard let handle = curl_easy_init() else {
            throw HTTPError(.unusable, "libcurl has no memory for a request", nothingSent: true)
        }
        self.handle = handle
        self.exchange = exchange
        words = .allocate(capacity: Int(CURL_ERROR_SIZE))
        words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        options.apply(to: self)
    }

    deinit {
        curl_easy_cleanup(handle)
        for list in lists { curl_slist_free_all(list) }
        words.deallocate()
    }

    /// It goes on where it was paused.
    func goOn() {
        curl_easy_pause(handle, Int32(CURLPAUSE_CONT))
    }

    /// Whether the server can have got anything. libcurl takes this time once it has begun to send.
    var nothingSent: Bool {
        var microseconds: curl_off_t = 0
        return martlet_curl_get_offset(handle, CURLINFO_PRETRANSFER_TIME_T, &microseconds) == CURLE_OK
            && microseconds == 0
    }

    /// How it ended: nil if the response is whole.
    func outcome(_ code: CURLcode) -> HTTPError? {
        if code == CURLE_OK { return nil }
        return refusal ?? HTTPError(code, detail: String(cString: words), nothingSent: nothingSent)
    }

    /// A list that lives as long as the transfer.
    func list(_ lines: [String]) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { list = curl_slist_append(list, line) ?? list }
        if let list { lists.append(list) }
        return list
    }

    /// Sets what libcurl calls. It calls on the loop's thread, from within the loop's own calls, while `self` is there.
    func setCallbacks() {
        // Not retained: the handle doesn't outlive `self`.
        let own = Unmanaged.passUnretained(self).toOpaque()
        martlet_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, words)
        martlet_curl_set_pointer(handle, CURLOPT_HEADERDATA, own)
        martlet_curl_set_write(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, own in
            guard let transfer = Transfer.from(own) else { return 0 }
            return transfer.headLine(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        martlet_curl_set_pointer(handle, CURLOPT_WRITEDATA, own)
        martlet_curl_set_write(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, own in
            guard let transfer = Transfer.from(own) else { return 0 }
            return transfer.body(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        guard exchange.request.body != nil else { return }
        martlet_curl_set_pointer(handle, CURLOPT_READDATA, own)
        martlet_curl_set_read(handle, CURLOPT_READFUNCTION) { target, size, count, own in
            guard let transfer = Transfer.from(own) else { return Int(CURL_READFUNC_ABORT) }
            return transfer.fill(UnsafeMutableRawBufferPointer(start: target, count: size * count))
        }
        // Where a kept connection turns out to be dead, libcurl sends the request again of its own accord, for which
        // it has to go back to the body's start. It isn't let: whether the server acted on the first is unknown.
        martlet_curl_set_seek(handle, CURLOPT_SEEKFUNCTION) { _, _, _ in Int32(CURL_SEEKFUNC_FAIL) }
    }

    private static func from(_ own: UnsafeMutableRawPointer?) -> Transfer? {
        // The pointer that `setCallbacks` set; see there.
        own.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Anything but the number of bytes breaks the transfer off.
    private func headLine(_ line: UnsafeRawBufferPointer) -> Int {
        switch parser.read(line) {
        case .goesOn: break
        case .complete(let head):
            hasHead = true
            flows = exchange.isStream && (200..<300).contains(head.status)
            exchange.received(head: head)
        case .tooLarge:
            refusal = HTTPError(.tooLarge, "the response's head is larger than \(HeadParser.maxBytes) bytes")
            return 0
        }
        return line.count
    }

    private func body(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch exchange.received(body: bytes) {
        case .taken: return bytes.count
        case .paused: return Int(CURL_WRITEFUNC_PAUSE)
        case .refused(let error):
            refusal = error
            return 0
        }
    }

    private func fill(_ target: UnsafeMutableRawBufferPointer) -> Int {
        guard let body = exchange.request.body else { return 0 }
        let count = min(target.count, body.count - bodySent)
        target.copyBytes(from: body[bodySent..<bodySent + count])
        bodySent += count
        return count
    }
}
