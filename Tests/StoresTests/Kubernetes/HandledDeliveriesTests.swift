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

    private var data: [String] {
        cluster.object("configmaps", "martlet", "deliveries")?["data"]?.members?.map(\.key) ?? []
    }

    @Test func `one replica knows what another has handled, also one that comes later`() async {
        let (one, other) = (deliveries(), deliveries())
        await one.synchronise()
        await other.synchronise()
        #expect(cluster.object("configmaps", "martlet", "deliveries") == nil)
        one.add("first")
        other.add("second")
        await one.synchronise()
        await other.synchronise()
        #expect(data.count == 2)
        #expect(other.contains("first"))
        #expect(!one.contains("second"))
        // It looks from time to time, though it has nothing to say.
        for _ in 1...7 { await one.synchronise() }
        #expect(one.contains("second"))
        let next = deliveries()
        await next.synchronise()
        #expect(next.contains("first") && next.contains("second"))
        let later = deliveries(at: 8 * 86_400)
        await later.synchronise()
        await later.synchronise()
        #expect(data.isEmpty)
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
        #expect(warnings.first?.contains("configmap deliveries") == true)
        cluster.state.withLock { $0.rules = [] }
        await handled.synchronise()
        #expect(data.count == 1)
    }

    @Test func `as long as nobody has answered it isn't known what has been handled`() async {
        let handled = deliveries()
        cluster.next(.fail(.unreachable("no route"))) { $0.method == .get }
        await handled.synchronise()
        #expect(!handled.isKnown)
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
}
