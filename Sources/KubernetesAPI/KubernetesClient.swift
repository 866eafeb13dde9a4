internal import Document
internal import HTTPClient
internal import Synchronization

/// How a client behaves towards the API server.
package struct KubernetesClientSettings: Equatable, Sendable {
    /// Requests a second on average, and at once after a rest. Kubernetes' own defaults (5 and 10) are for clients that
    /// poll; 60 runs a second with some 7 writes each have to fit. The server protects itself by priority and fairness.
    package var requestsPerSecond: Double
    package var burst: Double
    package var retries: RetryPolicy
    /// How many requests may be under way at once, each on a connection of its own; further ones wait, and a lease's
    /// renewal with them: so there are more than the gates of a store and of a view of it let through. Over HTTP/1.1, since
    /// a small request takes a server in Go less work and fewer changes of goroutine than over HTTP/2.
    package var connections: Int
    package var userAgent: String
    /// How large an answer may be: lists, mostly.
    package var maxAnswerBytes: Int

    package init(
        requestsPerSecond: Double = 1000, burst: Double = 2000, retries: RetryPolicy = RetryPolicy(),
        connections: Int = 144, userAgent: String = "martlet", maxAnswerBytes: Int = 256 << 20
    ) {
        self.requestsPerSecond = requestsPerSecond
        self.burst = burst
        self.retries = retries
        self.connections = connections
        self.userAgent = userAgent
        self.maxAnswerBytes = maxAnswerBytes
    }
}

/// A connection to an API server on libcurl, with limits and retries.
///
/// A request's time is for all of its attempts, the waits between them and for the client's own limit included.
package final class KubernetesClient: APIConnection {
    private struct State {
        var bucket: TokenBucket
        var counters = RequestCounters()
        var sent: UInt64 = 0
    }

    private let cluster: ClusterConfiguration
    private let settings: KubernetesClientSettings
    private let clock: ClientClock
    private let seed: UInt64
    private let http: HTTPClient
    private let tokenFile: TokenFile?
    private let state: Mutex<State>

    /// - Parameter seed: What the jitter of retries comes from.
    /// - Throws: `APIError.unusable`.
    package init(
        _ cluster: ClusterConfiguration, settings: KubernetesClientSettings = KubernetesClientSettings(),
        clock: ClientClock = .system, seed: UInt64 = .random(in: .min ... .max)
    ) throws(APIError) {
        self.cluster = cluster
        self.settings = settings
        self.clock = clock
        self.seed = seed
        tokenFile = if case .tokenFile(let path) = cluster.credentials { TokenFile(path) } else { nil }
        state = Mutex(
            State(
                bucket: TokenBucket(
                    perSecond: settings.requestsPerSecond, burst: settings.burst, at: clock.now())))
        do throws(HTTPError) {
            http = try HTTPClient(
                HTTPClientSettings(
                    tls: cluster.tls, proxy: cluster.proxy, connectTo: cluster.connectTo,
                    userAgent: settings.userAgent, version: .one, maxBodyBytes: settings.maxAnswerBytes,
                    maxConnectionsPerHost: settings.connections),
                name: "kubernetes")
        } catch {
            throw .unusable(error.reason)
        }
    }

    /// What it has asked so far.
    package var counters: RequestCounters { state.withLock { $0.counters } }

    /// Ends all requests and streams, and closes the connections.
    package func close() async { await http.close() }

    package func send(_ request: APIRequest) async throws(APIError) -> [UInt8] {
        try await perform(request) { (http, wire) in
            do throws(HTTPError) {
                let response = try await http.send(wire)
                if (200..<300).contains(response.status) { return .done(response.body, response.status) }
                return .failed(.answer(APIStatus(response)))
            } catch {
                return .failed(.error(error))
            }
        }
    }

    package func stream(_ request: APIRequest) async throws(APIError) -> any APIStream {
        let idleSeconds = request.longestSilence
        let stream = try await perform(request) { (http, wire) in
            var wire = wire
            wire.idleSeconds = idleSeconds
            do throws(HTTPError) {
                let stream = try await http.stream(wire)
                if (200..<300).contains(stream.head.status) { return .done(stream, stream.head.status) }
                return .failed(.answer(APIStatus(try await stream.wholeResponse())))
            } catch {
                return .failed(.error(error))
            }
        }
        state.withLock { $0.counters.streams += 1 }
        return KubernetesStream(stream, server: cluster.server)
    }

    private enum Attempt<Answer: Sendable>: Sendable {
        case done(Answer, Int)
        case failed(RetryPolicy.Failure)
    }

    /// Attempts until one succeeds or the policy gives up.
    private func perform<Answer: Sendable>(
        _ request: APIRequest, _ attempt: (HTTPClient, HTTPRequest) async -> Attempt<Answer>
    ) async throws(APIError) -> Answer {
        let deadline = clock.now() + .seconds(request.timeoutSeconds)
        let number = state.withLock { state in
            state.sent &+= 1
            return state.sent
        }
        var attempts = 0
        var hasRenewed = false
        while true {
            try await throttle(until: deadline)
            let token = try credentials()
            var wire = wireRequest(request, token)
            wire.timeoutSeconds = max(0.001, (deadline - clock.now()).inSeconds)
            attempts += 1

            let failure: RetryPolicy.Failure
            switch await attempt(http, wire) {
            case .done(let answer, let code):
                count(request.method, RequestCounters.Outcome(code: code), isRetry: attempts > 1)
                return answer
            case .failed(let why): failure = why
            }
            count(request.method, RequestCounters.Outcome(failure), isRetry: attempts > 1)

            let now = clock.now()
            if case .answer(let status) = failure, status.code == 401, !hasRenewed, let tokenFile, let token,
                tokenFile.isRenewed(after: token, at: now)
            {
                // The server did nothing, and there is a new token: no reason to wait.
                hasRenewed = true
                continue
            }
            let delay = settings.retries.delay(
                afterAttempt: attempts, of: request.method, failure, timeLeft: deadline - now, seed: seed ^ number)
            guard let delay, await clock.sleep(delay) else { throw APIError(failure, server: cluster.server) }
        }
    }

    /// Waits for the client's own limit.
    private func throttle(until deadline: Duration) async throws(APIError) {
        let now = clock.now()
        let wait = state.withLock { state in
            let wait = state.bucket.take(at: now, patience: deadline - now)
            state.counters.throttledSeconds += wait?.inSeconds ?? 0
            return wait
        }
        guard let wait else {
            throw .unreachable(
                "there are more requests than this client's own limit of \(settings.requestsPerSecond) a second lets "
                    + "through in time")
        }
        if wait > .zero, !(await clock.sleep(wait)) { throw .unreachable("the request was cancelled") }
    }

    /// The token to send, if it is a token.
    private func credentials() throws(APIError) -> Secret? {
        switch cluster.credentials {
        case .token(let token): token
        case .tokenFile: try tokenFile?.token(at: clock.now())
        case .none, .password: nil
        }
    }

    private func wireRequest(_ request: APIRequest, _ token: Secret?) -> HTTPRequest {
        var wire = HTTPRequest(
            request.method.rawValue, cluster.base + request.target, headers: ["Accept": "application/json"],
            body: request.body, timeoutSeconds: request.timeoutSeconds)
        if request.body != nil { wire.headers.append("Content-Type", request.contentType) }
        // The URL has the name that the certificate is for, see `ClusterConfiguration.base`.
        if cluster.connectTo != nil { wire.headers.append("Host", cluster.authority) }
        if let token { wire.headers.append("Authorization", "Bearer \(token.text)") }
        if case .password(let user, let password) = cluster.credentials {
            let pair = Base64.encoded(Array("\(user):".utf8) + password.bytes)
            wire.headers.append("Authorization", "Basic \(String(decoding: pair, as: UTF8.self))")
        }
        return wire
    }

    private func count(_ method: APIRequest.Method, _ outcome: RequestCounters.Outcome, isRetry: Bool) {
        state.withLock { state in
            state.counters.count(method, outcome)
            if isRetry { state.counters.retries += 1 }
        }
    }
}

extension APIStatus {
    fileprivate init(_ response: HTTPResponse) {
        self.init(code: response.status, body: response.body, retryAfter: response.headers["Retry-After"])
    }
}

extension RequestCounters.Outcome {
    fileprivate init(_ failure: RetryPolicy.Failure) {
        switch failure {
        case .answer(let status): self.init(code: status.code)
        case .error: self = .noAnswer
        }
    }
}

extension APIError {
    init(_ failure: RetryPolicy.Failure, server: String) {
        switch failure {
        case .answer(let status): self = .refused(status)
        case .error(let error): self.init(error, server: server)
        }
    }

    init(_ error: HTTPError, server: String) {
        let words = "\(server): \(error.reason)"
        switch error.kind {
        case .timedOut, .cannotConnect, .brokenOff, .cancelled, .closed: self = .unreachable(words)
        case .unusable, .tooLarge: self = .unusable(words)
        case .untrusted:
            self = .unusable("\(words); certificate-authority has to name who signed the server's certificate")
        }
    }
}
