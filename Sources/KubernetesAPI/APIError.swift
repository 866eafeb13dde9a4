/// Why a request to the API server failed.
package enum APIError: Error, Equatable, Sendable {
    /// The server answered with an error.
    case refused(APIStatus)
    /// No answer, or one that broke off: whether the server acted is unknown.
    case unreachable(String)
    /// The client can't even ask: a configuration that doesn't hold, a certificate that isn't trusted.
    case unusable(String)
}

/// The server's `Status` object, which says what went wrong, or what could be read of an answer that wasn't one.
package struct APIStatus: Equatable, Sendable {
    /// One thing that was wrong, mostly with a field.
    package struct Cause: Equatable, Sendable {
        /// Such as `FieldValueInvalid`.
        package var reason: String
        package var message: String
        /// The path of the field, such as `spec.stages[0].name`.
        package var field: String

        package init(reason: String, message: String, field: String) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// The HTTP status, or the code in an `ERROR` event of a watch.
    package var code: Int
    /// Such as `Conflict`, `NotFound`, `AlreadyExists`, `Expired`, `Invalid`; empty when the server gave none.
    package var reason: String
    package var message: String
    package var causes: [Cause]
    /// What the server asked for with `Retry-After` or `details.retryAfterSeconds`.
    package var retryAfterSeconds: Int?

    package init(
        code: Int, reason: String = "", message: String = "", causes: [Cause] = [], retryAfterSeconds: Int? = nil
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.causes = causes
        self.retryAfterSeconds = retryAfterSeconds
    }
}
