import Testing

@testable import Controller

@Suite("How many writes go at once")
struct CallLimitTests {
    /// A server that works on some calls at once, each for so many microseconds, and lets the others wait. What others
    /// ask it keeps it from ours for so long.
    private struct Server {
        var atOnce: Int
        var takes: Int64
        var others: Int64 = 0

        func time(with underWay: Int) -> Int64 { max(takes, takes * Int64(underWay) / Int64(atOnce)) + others }
    }

    /// Keeps as many calls under way as the limit allows, for so many calls.
    private func work(_ limit: inout CallLimit, _ server: Server, calls: Int = 2000, atMost: Int = .max) {
        for _ in 0..<calls {
            let underWay = min(limit.count, atMost)
            limit.note(took: server.time(with: underWay), underWay: underWay)
        }
    }

    @Test(arguments: [(1, 10...11), (2, 20...22), (4, 40...44), (8, 64...64)])
    func `a call waits no longer than it may, whatever the server can do`(atOnce: Int, settles: ClosedRange<Int>) {
        var limit = CallLimit(most: 64, wait: 50_000)
        work(&limit, Server(atOnce: atOnce, takes: 5000), calls: 20_000)
        #expect(settles.contains(limit.count), "\(limit.count)")
        #expect(limit.pause(after: 5000) == 0)
    }

    @Test func `where others keep the server busy one call at a time is made, with pauses`() {
        var limit = CallLimit(most: 64, wait: 10_000)
        work(&limit, Server(atOnce: 2, takes: 5000), calls: 100)
        work(&limit, Server(atOnce: 2, takes: 5000, others: 30_000), calls: 400)
        #expect(limit.count == 1)
        #expect(limit.pause(after: 35_000) == 35_000)
        work(&limit, Server(atOnce: 2, takes: 5000), calls: 400)
        #expect((5...6).contains(limit.count), "\(limit.count)")
    }

    @Test func `a server that can do more than is ever asked gets all there is`() {
        var limit = CallLimit(most: 64, wait: 10_000)
        work(&limit, Server(atOnce: 1000, takes: 20_000))
        #expect(limit.count == 64)
    }

    @Test func `what isn't used doesn't grow`() {
        var limit = CallLimit(most: 64, wait: 10_000)
        work(&limit, Server(atOnce: 1000, takes: 5000), atMost: 3)
        #expect(limit.count == 4)
    }

    @Test func `a server that has become slower by itself isn't taken for a busy one for ever`() {
        var limit = CallLimit(most: 64, wait: 50_000)
        work(&limit, Server(atOnce: 1000, takes: 2000), calls: 1100)
        work(&limit, Server(atOnce: 1000, takes: 80_000), calls: 200)
        #expect(limit.count < 64)
        work(&limit, Server(atOnce: 1000, takes: 80_000), calls: 4000)
        #expect(limit.count == 64)
    }

    @Test func `a single call stays one, without pauses`() {
        var limit = CallLimit(most: 1, wait: 10_000)
        work(&limit, Server(atOnce: 1, takes: 5000), calls: 100)
        work(&limit, Server(atOnce: 1, takes: 5000, others: 90_000), calls: 100)
        #expect(limit.count == 1)
        #expect(limit.pause(after: 95_000) == 0)
    }
}
