import Testing

@testable import KubernetesAPI

@Suite struct TokenBucketTests {
    /// Requests at times, and how long each has to wait; nil for one that has not the patience. In milliseconds.
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var perSecond: Double
        var burst: Double
        var requests: [(at: Int, patience: Int, wait: Int?)]

        init(
            _ description: String, perSecond: Double = 10, burst: Double = 2,
            _ requests: [(at: Int, patience: Int, wait: Int?)]
        ) {
            testDescription = description
            self.perSecond = perSecond
            self.burst = burst
            self.requests = requests
        }
    }

    private static let cases = [
        Case("a burst goes at once", [(0, 1000, 0), (0, 1000, 0)]),
        Case(
            "what comes after it waits its turn, one after another",
            [
                (0, 1000, 0), (0, 1000, 0), (0, 1000, 100), (0, 1000, 200), (50, 1000, 250),
            ]),
        Case(
            "a rest gives back what it lasts, up to the burst",
            [
                (0, 1000, 0), (0, 1000, 0), (10_000, 1000, 0), (10_000, 1000, 0), (10_000, 1000, 100),
            ]),
        Case("half a rest gives half a wait", [(0, 1000, 0), (0, 1000, 0), (50, 1000, 50)]),
        Case(
            "who has no patience takes nothing from the others",
            [
                (0, 1000, 0), (0, 1000, 0), (0, 99, nil), (0, 99, nil), (0, 100, 100),
            ]),
        Case(
            "a clock that goes back neither gives nor takes",
            [
                (1000, 1000, 0), (1000, 1000, 0), (500, 1000, 100), (1000, 1000, 200),
            ]),
        Case("one at a time", perSecond: 1, burst: 1, [(0, 5000, 0), (0, 5000, 1000), (1000, 5000, 1000)]),
    ]

    @Test(arguments: cases) func waits(_ example: Case) {
        var bucket = TokenBucket(perSecond: example.perSecond, burst: example.burst, at: .zero)
        for (index, request) in example.requests.enumerated() {
            let wait = bucket.take(at: .milliseconds(request.at), patience: .milliseconds(request.patience))
            let rounded = wait.map { Int(($0.inSeconds * 1000).rounded()) }
            #expect(rounded == request.wait, "request \(index)")
        }
    }

    @Test func `in the long run no more go out than the rate says`() throws {
        var bucket = TokenBucket(perSecond: 1000, burst: 2000, at: .zero)
        var last = Duration.zero
        for _ in 0..<12_000 {
            let wait = bucket.take(at: .zero, patience: .seconds(60))
            last = try #require(wait)
        }
        #expect(abs(last.inSeconds - 10) < 0.001)
    }
}
