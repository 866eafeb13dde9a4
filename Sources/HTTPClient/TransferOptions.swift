internal import CCurl
internal import Glibc

/// How libcurl is to treat a request, by the client's settings and the request's own.
final class TransferOptions {
    private let settings: HTTPClientSettings
    private let authorities: LentPEM?
    private let certificate: LentPEM?
    private let key: LentPEM?

    init(_ settings: HTTPClientSettings) {
        self.settings = settings
        authorities = if case .only(let source) = settings.tls.trust { LentPEM(source) } else { nil }
        certificate = settings.tls.identity.map { LentPEM($0.certificate) }
        key = settings.tls.identity.map { LentPEM($0.key) }
    }

    func apply(to transfer: Transfer) {
        let handle = transfer.handle
        transfer.setCallbacks()
        set(handle, CURLOPT_URL, transfer.exchange.request.url)
        set(handle, CURLOPT_PATH_AS_IS, 1)
        set(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        // Signals are a process's, not a thread's. SIGPIPE is blocked on the loop's thread, as all signals are.
        set(handle, CURLOPT_NOSIGNAL, 1)
        // A name whose resolver hangs would otherwise hold up all transfers when its own gives up.
        set(handle, CURLOPT_QUICK_EXIT, 1)
        applyMethod(transfer)
        applyHeaders(transfer)
        applyConnection(transfer)
        applyTrust(handle)
    }

    private func applyMethod(_ transfer: Transfer) {
        let (handle, request) = (transfer.handle, transfer.exchange.request)
        if let body = request.body {
            set(handle, CURLOPT_POST, 1)
            martlet_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
        } else if request.method == "HEAD" {
            set(handle, CURLOPT_NOBODY, 1)
        }
        set(handle, CURLOPT_CUSTOMREQUEST, request.method)
        if transfer.exchange.isStream {
            if let idle = request.idleSeconds {
                set(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
                set(handle, CURLOPT_LOW_SPEED_TIME, max(1, idle))
            }
        } else {
            set(handle, CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeoutSeconds))
            martlet_curl_set_offset(handle, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(settings.maxBodyBytes))
        }
    }

    private func applyHeaders(_ transfer: Transfer) {
        let request = transfer.exchange.request
        // A header without a value is written with a semicolon.
        var lines = request.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if request.body != nil {
            // Rather than what forms have, and rather than asking first whether a large body is welcome.
            if request.headers["Content-Type"] == nil { lines.append("Content-Type: application/octet-stream") }
            lines.append("Expect:")
        }
        martlet_curl_set_list(transfer.handle, CURLOPT_HTTPHEADER, transfer.list(lines))
        set(transfer.handle, CURLOPT_USERAGENT, settings.userAgent)
    }

    private func applyConnection(_ transfer: Transfer) {
        let handle = transfer.handle
        if transfer.exchange.isStream {
            // HTTP/1.1, so that a stream has a connection of its own, and its back-pressure is TCP's. On HTTP/2,
            // libcurl 7.88 stops reading the whole connection while one of its streams is paused with data pending
            // (NGHTTP2_ERR_PAUSE), and several later versions don't open a stream's window again when it goes on
            // (curl issues 10988 and 16960): a slow reader of a watch would hold up the lease's renewal.
            set(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        } else {
            switch settings.version {
            case .one: set(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
            case .newest:
                // Whole responses are never paused, so one connection serves many at once; requests wait for the first
                // connection to show whether it can.
                set(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
                set(handle, CURLOPT_PIPEWAIT, 1)
            }
        }
        set(handle, CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(settings.connectTimeoutSeconds))
        set(handle, CURLOPT_BUFFERSIZE, 64 << 10)
        set(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        switch settings.proxy {
        case .environment: break
        case .url(let url): set(handle, CURLOPT_PROXY, url)
        case .none: set(handle, CURLOPT_PROXY, "")
        }
        if let connectTo = settings.connectTo {
            martlet_curl_set_list(handle, CURLOPT_CONNECT_TO, transfer.list(["::\(connectTo)"]))
        }
        applyVanishedPeer(handle)
    }

    /// Keep-alives find out about a peer that is gone while nothing is under way, the other limit while something is:
    /// TCP by itself would try again for some 15 minutes, and all requests of an HTTP/2 connection with it.
    private func applyVanishedPeer(_ handle: UnsafeMutableRawPointer) {
        let seconds = max(2, settings.vanishedPeerSeconds)
        set(handle, CURLOPT_TCP_KEEPALIVE, 1)
        set(handle, CURLOPT_TCP_KEEPIDLE, seconds / 2)
        set(handle, CURLOPT_TCP_KEEPINTVL, max(1, seconds / 6))
        // The milliseconds travel in place of a pointer, which nobody follows.
        let milliseconds = UnsafeMutableRawPointer(bitPattern: seconds * 1000)
        martlet_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, milliseconds)
        martlet_curl_set_open(handle, CURLOPT_OPENSOCKETFUNCTION) { milliseconds, _, address in
            guard let address = address?.pointee else { return -1 }
            // libcurl's own sockets are inherited by whatever program this process starts, which could then speak on
            // them, and keep a connection open that is closed here.
            let kind = address.socktype | Int32(SOCK_CLOEXEC.rawValue)
            let made = socket(address.family, kind, address.protocol)
            var limit = UInt32(clamping: Int(bitPattern: milliseconds))
            // Refused for sockets that aren't TCP's, which need it not.
            setsockopt(made, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &limit, socklen_t(MemoryLayout<UInt32>.size))
            return made
        }
    }

    private func applyTrust(_ handle: UnsafeMutableRawPointer) {
        set(handle, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        set(handle, CURLOPT_SSL_VERIFYPEER, settings.tls.verifies ? 1 : 0)
        set(handle, CURLOPT_SSL_VERIFYHOST, settings.tls.verifies ? 2 : 0)
        if let authorities {
            authorities.set(handle, file: CURLOPT_CAINFO, blob: CURLOPT_CAINFO_BLOB)
            // Those of the system's folder would be trusted as well.
            set(handle, CURLOPT_CAPATH, nil)
        }
        certificate?.set(handle, file: CURLOPT_SSLCERT, blob: CURLOPT_SSLCERT_BLOB)
        key?.set(handle, file: CURLOPT_SSLKEY, blob: CURLOPT_SSLKEY_BLOB)
        // For a key that is encrypted OpenSSL would ask at the terminal, and wait.
        if key != nil { set(handle, CURLOPT_KEYPASSWD, "") }
    }

    private func set(_ handle: UnsafeMutableRawPointer, _ option: CURLoption, _ value: Int) {
        martlet_curl_set_long(handle, option, value)
    }

    /// libcurl keeps a copy of the text.
    private func set(_ handle: UnsafeMutableRawPointer, _ option: CURLoption, _ value: String?) {
        martlet_curl_set_text(handle, option, value)
    }

    /// Never 0, which stands for none.
    private static func milliseconds(_ seconds: Double) -> Int {
        max(1, Int((seconds * 1000).rounded(.up)))
    }
}

/// PEM that is lent to libcurl, which copies none of it: it stays in place as long as this does.
final class LentPEM {
    private let path: String?
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ source: TLSSettings.Source) {
        switch source {
        case .file(let path):
            self.path = path
            bytes = .allocate(capacity: 0)
        case .pem(let secret):
            path = nil
            bytes = .allocate(capacity: secret.bytes.count)
            _ = bytes.initialize(from: secret.bytes)
        }
    }

    deinit {
        bytes.deallocate()
    }

    func set(_ handle: UnsafeMutableRawPointer, file: CURLoption, blob: CURLoption) {
        if let path {
            martlet_curl_set_text(handle, file, path)
        } else {
            var lent = curl_blob(data: bytes.baseAddress, len: bytes.count, flags: UInt32(CURL_BLOB_NOCOPY))
            martlet_curl_set_blob(handle, blob, &lent)
        }
    }
}
