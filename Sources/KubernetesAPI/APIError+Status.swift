extension APIError {
    /// The server's word, where it gave one.
    package var status: APIStatus? {
        if case .refused(let status) = self { status } else { nil }
    }
}

extension APIStatus {
    /// Whether a version or a continue token has been forgotten by the server, so that one has to list anew.
    package var isExpired: Bool { code == 410 || reason == "Expired" || reason == "Gone" }
}
