internal import CCurl

/// Why a request got no response, or not all of one. A response with an error status is no such error.
package struct HTTPError: Error, Equatable, Sendable {
    package enum Kind: String, Equatable, Sendable {
        /// Nothing, or not everything, came in time.
        case timedOut
        /// No connection: no such host, nobody listens, no TLS spoken.
        case cannotConnect
        /// The server's certificate is not one to trust, or not that server's.
        case untrusted
        /// The response is larger than the client takes.
        case tooLarge
        /// The connection ended, or brought what isn't HTTP, before the response was whole.
        case brokenOff
        /// The task, or the owner of the stream, didn't want it any more.
        case cancelled
        /// The client has been closed.
        case closed
        /// The request or a setting makes no sense: a URL, a header, a file with a certificate.
        case unusable
    }

    package var kind: Kind
    /// In libcurl's words, where they are its.
    package var reason: String
    /// True if it is certain that the server got nothing of the request.
    package var nothingSent: Bool

    package init(_ kind: Kind, _ reason: String, nothingSent: Bool = false) {
        self.kind = kind
        self.reason = reason
        self.nothingSent = nothingSent
    }

    /// The same request may succeed later, with nothing changed by anybody. Whether it is safe to send it again is
    /// another question, which `nothingSent` answers in part.
    package var isRetriable: Bool {
        switch kind {
        case .timedOut, .cannotConnect, .brokenOff: true
        case .untrusted, .tooLarge, .cancelled, .closed, .unusable: false
        }
    }
}

extension HTTPError: CustomStringConvertible {
    package var description: String { reason }
}

extension HTTPError {
    static func cancelled(nothingSent: Bool = false) -> HTTPError {
        HTTPError(.cancelled, "the request was cancelled", nothingSent: nothingSent)
    }

    static func closed(nothingSent: Bool = false) -> HTTPError {
        HTTPError(.closed, "the HTTP client has been closed", nothingSent: nothingSent)
    }

    /// A transfer's end as libcurl tells of it.
    init(_ code: CURLcode, detail: String, nothingSent: Bool) {
        let words = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        self.init(Kind(code), words, nothingSent: nothingSent)
    }
}

extension HTTPError.Kind {
    init(_ code: CURLcode) {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
            CURLE_PROXY, CURLE_INTERFACE_FAILED:
            self = .cannotConnect
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            self = .untrusted
        case CURLE_FILESIZE_EXCEEDED: self = .tooLarge
        case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_URL_MALFORMAT,
            CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN:
            self = .unusable
        // That includes CURLE_UNSUPPORTED_PROTOCOL: the URL's is one of ours, so it is what the server spoke.
        default: self = .brokenOff
        }
    }
}
