import HTTPClient
import Testing

@testable import KubernetesAPI

@Suite struct RetryPolicyTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var failure: RetryPolicy.Failure
        var get: Bool
        var write: Bool

        init(_ description: String, _ failure: RetryPolicy.Failure, get: Bool, write: Bool) {
            testDescription = description
            self.failure = failure
            self.get = get
            self.write = write
        }
    }

    private static func answer(_ code: Int, retryAfter: Int? = nil) -> RetryPolicy.Failure {
        .answer(APIStatus(code: code, retryAfterSeconds: retryAfter))
    }

    private static func error(_ kind: HTTPError.Kind, nothingSent: Bool = false) -> RetryPolicy.Failure {
        .error(HTTPError(kind, "", nothingSent: nothingSent))
    }

    private static let cases = [
        Case("429 says that nothing was done", answer(429), get: true, write: true),
        Case("429 with a time", answer(429, retryAfter: 1), get: true, write: true),
        Case("500 may have done anything", answer(500), get: true, write: false),
        Case("502 comes from something in between", answer(502), get: true, write: false),
        Case("503", answer(503), get: true, write: false),
        Case("503 with a time", answer(503, retryAfter: 1), get: true, write: false),
        Case("504", answer(504), get: true, write: false),
        Case("501 won't change", answer(501), get: false, write: false),
        Case("a request that makes no sense won't make any", answer(400), get: false, write: false),
        Case("401 is another matter", answer(401), get: false, write: false),
        Case("403 is for a person to change", answer(403), get: false, write: false),
        Case("404 is an answer", answer(404), get: false, write: false),
        Case("a conflict has to be looked at", answer(409), get: false, write: false),
        Case("410 needs a new list", answer(410), get: false, write: false),
        Case("a redirect is none of ours", answer(302), get: false, write: false),
        Case("no connection", error(.cannotConnect, nothingSent: true), get: true, write: true),
        Case("broken off", error(.brokenOff), get: true, write: false),
        Case("no answer in time", error(.timedOut), get: true, write: false),
        Case("not even connected in time", error(.timedOut, nothingSent: true), get: true, write: true),
        Case("a certificate that isn't trusted", error(.untrusted, nothingSent: true), get: false, write: false),
        Case("too large", error(.tooLarge), get: false, write: false),
        Case("cancelled", error(.cancelled, nothingSent: true), get: false, write: false),
        Case("closed", error(.closed, nothingSent: true), get: false, write: false),
        Case("makes no sense", error(.unusable, nothingSent: true), get: false, write: false),
    ]

    @Test(arguments: cases) func `what is tried again`(_ example: Case) {
        for method in [APIRequest.Method.get, .post, .put, .patch, .delete] {
            let delay = RetryPolicy().delay(
                afterAttempt: 1, of: method, example.failure, timeLeft: .seconds(30), seed: 7)
            #expect((delay != nil) == (method == .get ? example.get : example.write), "\(method)")
        }
    }

    @Test func `the wait doubles up to its longest, and chance takes off up to half`() throws {
        let policy = RetryPolicy(maxAttempts: 100, firstBackoff: 0.1, longestBackoff: 1)
        for (attempt, nominal) in [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1), (6, 1), (99, 1)] {
            var seen: Set<Double> = []
            for seed in 0..<100 as Range<UInt64> {
                let delay = try #require(
                    policy.delay(
                        afterAttempt: attempt, of: .get, Self.answer(500), timeLeft: .seconds(30), seed: seed))
                #expect((nominal / 2 - 0.001...nominal + 0.001).contains(delay.inSeconds))
                seen.insert(delay.inSeconds)
            }
            #expect(seen.count > 90, "clients that failed together come back apart")
            let widest = try #require(seen.max()) - (try #require(seen.min()))
            #expect(widest > nominal * 0.4)
        }
    }

    @Test func `a time that the server asks for is waited out, and no more than a quarter longer`() throws {
        for seed in 0..<100 as Range<UInt64> {
            let delay = try #require(
                RetryPolicy().delay(
                    afterAttempt: 1, of: .put, Self.answer(429, retryAfter: 4), timeLeft: .seconds(30), seed: seed))
            #expect((4...5).contains(delay.inSeconds))
        }
    }

    @Test func `the number of attempts and the time are bounded`() {
        let policy = RetryPolicy(maxAttempts: 3)
        let delay = { (attempt: Int, failure: RetryPolicy.Failure, left: Duration) in
            policy.delay(afterAttempt: attempt, of: .get, failure, timeLeft: left, seed: 1)
        }
        #expect(delay(2, Self.answer(500), .seconds(30)) != nil)
        #expect(delay(3, Self.answer(500), .seconds(30)) == nil)
        #expect(delay(1, Self.answer(429, retryAfter: 30), .seconds(30)) == nil, "it would be too late")
        #expect(delay(1, Self.answer(500), .zero) == nil)
        #expect(delay(1, Self.answer(500), .seconds(-1)) == nil)
    }

    @Test func `the same seed gives the same wait`() {
        let delay = { (seed: UInt64) in
            RetryPolicy().delay(afterAttempt: 2, of: .get, Self.answer(500), timeLeft: .seconds(30), seed: seed)
        }
        #expect(delay(42) == delay(42))
        #expect(delay(42) != delay(43))
    }
}
