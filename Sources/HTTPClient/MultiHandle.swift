internal import CCurl
internal import Synchronization

/// The one owner of a `CURLM`, libcurl's set of transfers with the connections and names it knows.
// Unchecked: all but `wake` is for the loop's thread alone. libcurl lets anybody call what `wake` calls, as long as the
// handle is there, which the lock sees to.
final class MultiHandle: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer
    private let isOpen = Mutex(true)

    /// Once a process, whatever else in it uses libcurl. It is thread-safe as Debian builds it.
    private static let initialisation: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    /// - Parameter maxConnections: To one host; nil for any number.
    init(maxConnections: Int?) throws(HTTPError) {
        let code = Self.initialisation
        guard code == CURLE_OK, let handle = curl_multi_init() else {
            throw HTTPError(.unusable, "libcurl doesn't start: \(String(cString: curl_easy_strerror(code)))")
        }
        self.handle = handle
        martlet_curl_multi_set_long(handle, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        martlet_curl_multi_set_long(handle, CURLMOPT_MAX_HOST_CONNECTIONS, maxConnections ?? 0)
        // How many are kept for those who come next.
        martlet_curl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, maxConnections ?? 8)
    }

    deinit {
        // The backstop, for a client whose thread never started.
        close()
    }

    /// Lends the pointer. On the loop's thread only.
    func with<Result>(_ body: (UnsafeMutableRawPointer) -> Result) -> Result { body(handle) }

    /// Makes the loop look, now or as soon as it waits next. On any thread.
    func wake() {
        isOpen.withLock { if $0 { _ = curl_multi_wakeup(handle) } }
    }

    /// Closes all connections. Every transfer has to be gone.
    func close() {
        let isFirst = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if isFirst { curl_multi_cleanup(handle) }
    }
}
