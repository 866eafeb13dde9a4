import Model
import Testing

@testable import Planning

@Suite("Back-off")
struct BackOffTests {
    private let fence = Fence(run: "u1", stage: "test", attempt: 1)

    private func retry(_ first: Int, cap: Int) -> Retry {
        var retry = Retry()
        retry.limit = 10
        retry.backoffSeconds = first
        retry.maxBackoffSeconds = cap
        return retry
    }

    @Test(arguments: [(1, 10), (2, 20), (3, 40), (4, 60), (9, 60), (1000, 60)])
    func `the wait doubles with each failure up to the cap, and is at most a tenth shorter`(
        failures: Int, seconds: Int64
    ) {
        let delay = BackOff.delay(retry(10, cap: 60), failures: failures, fence: fence)
        #expect(delay <= seconds * 1_000_000)
        #expect(delay > seconds * 900_000)
    }

    @Test func `without back-off there is no wait`() {
        #expect(BackOff.delay(retry(0, cap: 300), failures: 3, fence: fence) == 0)
    }

    @Test func `stages that fail together come back apart, each always after the same wait`() {
        let delays = (0..<20).map { number in
            BackOff.delay(retry(10, cap: 60), failures: 1, fence: Fence(run: "u1", stage: "t.\(number)", attempt: 1))
        }
        #expect(Set(delays).count > 10)
        #expect(delays[3] == BackOff.delay(retry(10, cap: 60), failures: 1, fence: Fence("u1/t.3/1") ?? fence))
    }

    @Test func `the hash is FNV-1a`() {
        #expect(stableHash("") == 0xCBF2_9CE4_8422_2325)
        #expect(stableHash("a") == 0xAF63_DC4C_8601_EC8C)
        #expect(stableHash("foobar") == 0x8594_4171_F739_67E8)
    }
}
