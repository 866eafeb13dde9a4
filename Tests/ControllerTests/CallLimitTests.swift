import Testing

@testable import Controller

@Suite("How many writes go at once")
struct CallLimitTests {
    /// A server that works on some calls at once, each for so many microseconds, and lets the others wait.
    private struct Server {
        var atOnce: Int
        var takes: Int64

        func time(with underWay: Int) -> Int64 { max(takes, takes * Int64(underWay) / Int64(atOnce)) }
    }

    /// Keeps as many calls under way as the limit allows, for so many calls.
    private func work(_ limit: inout CallLimit, _ server: Server, calls: Int = 2000, atMost: Int = .max) {
        for _ in 0..<calls {
            let underWay = min(limit.count, atMost)
            limit.note(took: server.time(with: underWay), underWay: underWay)
        }
    }

    @Test(arguments: [(1, 8...12), (2, 8...12), (8, 12...16), (32, 36...40)])
    func `few calls wait at the server, whatever it can do`(atOnce: Int, settles: ClosedRange<Int>) {
        var limit = CallLimit(most: 64)
        work(&limit, Server(atOnce: atOnce, takes: 5000), calls: 20_000)
        #expect(settles.contains(limit.count), "\(limit.count)")
    }

    @Test func `a server that can do more than is ever asked gets all there is`() {
        var limit = CallLimit(most: 64)
        work(&limit, Server(atOnce: 1000, takes: 20_000))
        #expect(limit.count == 64)
    }

    @Test func `what isn't used doesn't grow`() {
        var limit = CallLimit(most: 64)
        work(&limit, Server(atOnce: 1000, takes: 5000), atMost: 3)
        #expect(limit.count == 16)
    }

    @Test func `a server that has become slower by itself isn't taken for a busy one for ever`() {
        var limit = CallLimit(most: 64)
        work(&limit, Server(atOnce: 1000, takes: 2000))
        work(&limit, Server(atOnce: 1000, takes: 80_000), calls: 400)
        #expect(limit.count < 64)
        work(&limit, Server(atOnce: 1000, takes: 80_000), calls: 4000)
        #expect(limit.count == 64)
    }

    @Test func `a single call stays one`() {
        var limit = CallLimit(most: 1)
        work(&limit, Server(atOnce: 1, takes: 5000))
        #expect(limit.count == 1)
    }
}
