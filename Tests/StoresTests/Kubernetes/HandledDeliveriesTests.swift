import Document
import KubernetesAPI
import Model
import Synchronization
import Testing

@testable import Stores

@Suite(.timeLimit(.minutes(1))) struct HandledDeliveriesTests {
    private let cluster = FakeCluster()
    private let told = Lines()

    private func deliveries(at seconds: Int64 = 0) -> HandledDeliveries {
        HandledDeliveries(
            cluster, namespace: "martlet", name: "deliveries",
            wall: { Timestamp(seconds: 1_790_000_000 + seconds) }, warn: { [told] in told.add($0) })
    }

    private var shelves: [Node] {
        (0..<DeliveryBook.shelves).compactMap { cluster.object("configmaps", "martlet", "deliveries-\($0)") }
    }

    private var data: [String] { shelves.flatMap { $0["data"]?.members?.map(\.key) ?? [] } }

    @Test func `one replica knows what another has handled, also one that comes later`() async {
        let (one, other) = (deliveries(), deliveries())
        await one.synchronise()
        await other.synchronise()
        #expect(shelves.isEmpty)
        one.add("first")
        other.add("second")
        await one.synchronise()
        await other.synchronise()
        #expect(data.count == 2)
        // Both look from time to time, though they have nothing to say.
        for _ in 1...6 {
            await one.synchronise()
            await other.synchronise()
        }
        #expect(one.contains("first") && one.contains("second"))
        #expect(other.contains("first") && other.contains("second"))
        let next = deliveries()
        await next.synchronise()
        #expect(next.contains("first") && next.contains("second"))
        let later = deliveries(at: 8 * 86_400)
        await later.synchronise()
        await later.synchronise()
        #expect(!shelves.isEmpty && data.isEmpty)
        #expect(told.all == [])
    }

    @Test func `what may not be stored is said once, and remembered`() async throws {
        let handled = deliveries()
        await handled.synchronise()
        let denied = APIError.refused(APIStatus(code: 403, reason: "Forbidden", message: "not allowed"))
        cluster.always(.fail(denied)) { $0.path.contains("configmaps") }
        handled.add("first")
        for _ in 1...3 { await handled.synchronise() }
        #expect(handled.isKnown && handled.contains("first"))
        let warnings = told.all
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("configmap deliveries-") == true)
        cluster.state.withLock { $0.rules = [] }
        await handled.synchronise()
        #expect(data.count == 1)
    }

    @Test func `as long as nobody has answered it isn't known what has been handled`() async {
        let handled = deliveries()
        cluster.next(.fail(.unreachable("no route"))) { $0.path.hasSuffix("deliveries-7") }
        await handled.synchronise()
        #expect(!handled.isKnown)
        #expect(told.all.count == 1)
        await handled.synchronise()
        #expect(handled.isKnown)
    }

    @Test func `an answer that is lost loses nothing`() async {
        let handled = deliveries()
        handled.add("first")
        cluster.next(.loseAnswer) { $0.method == .post }
        await handled.synchronise()
        handled.add("second")
        await handled.synchronise()
        let other = deliveries()
        await other.synchronise()
        #expect(other.contains("first") && other.contains("second"))
    }

    @Test func `what is written is small, however much is remembered`() async {
        let (handled, other) = (deliveries(), deliveries())
        for number in 0..<20_000 { handled.add("delivery-\(number)") }
        await handled.synchronise()
        #expect(shelves.count == DeliveryBook.shelves)
        #expect(shelves.allSatisfy { $0.json().utf8.count < 16_000 })
        let before = cluster.requests.count
        for number in 0..<300 { handled.add("another-\(number)") }
        await handled.synchronise()
        let writes = cluster.requests.dropFirst(before).filter { $0.method != .get }
        #expect(writes.count == 1)
        #expect(writes.allSatisfy { $0.body?.count ?? 0 < 8_000 })
        await other.synchronise()
        #expect((0..<20_000).allSatisfy { other.contains("delivery-\($0)") } && other.contains("another-299"))
    }

    @Test func `all shelves are looked at once a minute, a few at a time`() async {
        let handled = deliveries()
        await handled.synchronise()
        #expect(cluster.requests.count == DeliveryBook.shelves)
        var looks: [String] = []
        for _ in 1...60 {
            let before = cluster.requests.count
            await handled.synchronise()
            let new = cluster.requests.dropFirst(before)
            #expect(new.count <= 6)
            looks += new.map(\.path)
        }
        let counts = Dictionary(grouping: looks) { $0 }.mapValues(\.count)
        #expect(counts.count == DeliveryBook.shelves)
        #expect(counts.values.allSatisfy { $0 >= 8 && $0 <= 10 })
    }

    @Test func `more than it holds takes the oldest away`() async {
        let (handled, later) = (deliveries(), deliveries(at: 3600))
        for number in 0..<1_000 { handled.add("old-\(number)") }
        await handled.synchronise()
        await later.synchronise()
        for number in 0..<DeliveryBook.most { later.add("new-\(number)") }
        await later.synchronise()
        #expect(later.contains("new-0") && !later.contains("old-0"))
        let next = deliveries(at: 3600)
        await next.synchronise()
        #expect(next.contains("new-0") && !next.contains("old-0"))
    }

    @Test func `what somebody else has written there is left alone`() async {
        cluster.apply("configmaps", "martlet", "deliveries-3", #"{"data":{"note":"keep","2026-11-28T14-x-3":"short"}}"#)
        let handled = deliveries()
        await handled.synchronise()
        handled.add("first")
        for _ in 1...8 { await handled.synchronise() }
        #expect(handled.contains("first"))
        #expect(data.contains("note"))
        #expect(told.all == [])
    }
}
