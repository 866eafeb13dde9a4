/// What a client has asked so far, for metrics.
package struct RequestCounters: Equatable, Sendable {
    /// How an attempt ended: an answer's first digit, or no answer.
    package enum Outcome: String, CaseIterable, Sendable {
        case informational = "1xx"
        case success = "2xx"
        case redirection = "3xx"
        case clientError = "4xx"
        case serverError = "5xx"
        case noAnswer = "error"

        init(code: Int) {
            self =
                switch code / 100 {
                case 1: .informational
                case 2: .success
                case 3: .redirection
                case 4: .clientError
                default: .serverError
                }
        }
    }

    package struct Line: Equatable, Sendable {
        package var method: APIRequest.Method
        package var outcome: Outcome
        package var count: Int
    }

    private static let methods: [APIRequest.Method] = [.get, .post, .put, .patch, .delete]
    private var attempts = [Int](repeating: 0, count: methods.count * Outcome.allCases.count)
    /// Attempts after the first of a request.
    package internal(set) var retries = 0
    /// Streams opened: the first of each watch, and each that was started anew.
    package internal(set) var streams = 0
    /// How long requests have waited for the client's own limit, all together.
    package internal(set) var throttledSeconds = 0.0

    package init() {}

    /// Attempts by method and outcome, in a fixed order; those that there have been.
    package var lines: [Line] {
        var lines: [Line] = []
        for method in Self.methods {
            for outcome in Outcome.allCases {
                let count = self[method, outcome]
                if count > 0 { lines.append(Line(method: method, outcome: outcome, count: count)) }
            }
        }
        return lines
    }

    package subscript(method: APIRequest.Method, outcome: Outcome) -> Int { attempts[Self.index(method, outcome)] }

    mutating func count(_ method: APIRequest.Method, _ outcome: Outcome) {
        attempts[Self.index(method, outcome)] += 1
    }

    private static func index(_ method: APIRequest.Method, _ outcome: Outcome) -> Int {
        let row = methods.firstIndex(of: method) ?? 0
        return row * Outcome.allCases.count + (Outcome.allCases.firstIndex(of: outcome) ?? 0)
    }
}
