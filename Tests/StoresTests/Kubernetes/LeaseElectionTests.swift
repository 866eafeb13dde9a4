import Controller
import Document
import KubernetesAPI
import Model
import Synchronization
import Testing

@testable import Stores

@Suite(.timeLimit(.minutes(1))) struct LeaseElectionTests {
    /// A cluster, and contenders that live by a clock that a test moves.
    private final class Arena: Sendable {
        let cluster = FakeCluster()
        let clock = ManualClock()
        let told = Lines()

        func contender(_ name: String) -> LeaseElection {
            LeaseElection(
                cluster, namespace: "martlet", identity: name, clock: clock.clock,
                wall: { [clock] in Timestamp(microseconds: 1_790_000_000_000_000 + clock.microseconds) },
                report: { [told] in told.add("\(name): \($0)") }, warn: { [told] in told.add("\(name)! \($0)") })
        }

        var lease: Node? { cluster.object("leases", "martlet", "martlet-controller") }
        var holder: String? { lease?["spec"]?["holderIdentity"]?.string }

        /// Moves the clock on until something holds.
        func pass(until holds: @Sendable () -> Bool) async {
            while !holds(), !Task.isCancelled {
                await clock.advance(.milliseconds(100))
            }
        }

        func seconds(_ count: Int) async {
            for _ in 0..<count * 10 { await clock.advance(.milliseconds(100)) }
        }
    }

    @Test func theFirstLeadsAndTheLeaseSaysSo() async throws {
        let arena = Arena()
        let one = arena.contender("one")
        let leading = Task { try await one.run { try await Task.sleep(for: .seconds(3600)) } }
        await arena.pass { one.mayAct() }
        let spec = try #require(arena.lease?["spec"])
        #expect(spec["holderIdentity"]?.string == "one")
        #expect(spec["leaseDurationSeconds"]?.int == 15)
        #expect(spec["leaseTransitions"]?.int == 0)
        let time = try #require(spec["renewTime"]?.string)
        #expect(time.hasSuffix("Z") && time.split(separator: ".").last?.utf8.count == 7)
        #expect(spec["acquireTime"]?.string == time)
        await arena.seconds(30)
        #expect(one.mayAct())
        let later = try #require(arena.lease?["spec"])
        #expect(later["renewTime"]?.string != time)
        #expect(later["acquireTime"]?.string == time)
        #expect(arena.told.all == ["one: standby(holder: \"\")", "one: leading"])
        leading.cancel()
        _ = await leading.result
        #expect(arena.holder == "")
        #expect(!one.mayAct())
    }

    @Test func aStandbyTakesOverAtOnceFromOneThatEndsInOrder() async throws {
        let arena = Arena()
        let (one, two) = (arena.contender("one"), arena.contender("two"))
        let first = Task { try await one.run { try await Task.sleep(for: .seconds(3600)) } }
        await arena.pass { one.mayAct() }
        let second = Task { try await two.run { try await Task.sleep(for: .seconds(3600)) } }
        await arena.seconds(20)
        #expect(!two.mayAct())
        first.cancel()
        _ = await first.result
        let since = arena.clock.microseconds
        await arena.pass { two.mayAct() }
        #expect(arena.clock.microseconds - since < 4_000_000)
        #expect(arena.lease?["spec"]?["leaseTransitions"]?.int == 1)
        second.cancel()
        _ = await second.result
    }

    @Test func aStandbyTakesOverWithinTheLeaseFromOneThatIsCutOffWhichHasStoppedBefore() async throws {
        let arena = Arena()
        let (one, two) = (arena.contender("one"), arena.contender("two"))
        let wasEnded = Flag(false)
        let first = Task {
            try await one.run {
                try? await Task.sleep(for: .seconds(3600))
                wasEnded.value = true
            }
        }
        await arena.pass { one.mayAct() }
        let second = Task { try await two.run { try await Task.sleep(for: .seconds(3600)) } }
        await arena.seconds(5)
        arena.cluster.always(.fail(.unreachable("cut off"))) { $0.node?["spec"]?["holderIdentity"]?.string == "one" }
        let since = arena.clock.microseconds
        var hasOverlapped = false
        while !two.mayAct(), !Task.isCancelled {
            await arena.clock.advance(.milliseconds(100))
            if one.mayAct(), two.mayAct() { hasOverlapped = true }
        }
        #expect(!hasOverlapped)
        #expect(arena.clock.microseconds - since < 20_000_000)
        let end = await first.result
        #expect(throws: LeadershipLost.self) { try end.get() }
        #expect(wasEnded.value)
        #expect(arena.holder == "two")
        #expect(arena.told.all.contains { $0.hasPrefix("one!") && $0.contains("cut off") })
        second.cancel()
        _ = await second.result
    }

    @Test func aLostAnswerToTheFirstWriteCostsOneMoreTry() async throws {
        let arena = Arena()
        let one = arena.contender("one")
        arena.cluster.next(.loseAnswer) { $0.method == .post }
        let leading = Task { try await one.run { try await Task.sleep(for: .seconds(3600)) } }
        await arena.pass { one.mayAct() }
        #expect(arena.cluster.requests(.post).count == 1)
        #expect(arena.cluster.requests(.put).count == 1)
        leading.cancel()
        _ = await leading.result
    }

    @Test func aLostAnswerToARenewalDoesNotEndIt() async throws {
        let arena = Arena()
        let one = arena.contender("one")
        let leading = Task { try await one.run { try await Task.sleep(for: .seconds(3600)) } }
        await arena.pass { one.mayAct() }
        for _ in 0..<3 {
            arena.cluster.next(.loseAnswer) { $0.method == .put }
            await arena.seconds(8)
            #expect(one.mayAct())
        }
        leading.cancel()
        _ = await leading.result
    }

    @Test func whoSleptTooLongHasLostItWithoutAsking() async throws {
        let arena = Arena()
        let one = arena.contender("one")
        let leading = Task { try await one.run { try await Task.sleep(for: .seconds(3600)) } }
        await arena.pass { one.mayAct() }
        // The machine slept: the clock jumps, and nothing has run meanwhile.
        arena.clock.jump(.seconds(11))
        #expect(!one.mayAct())
        await arena.clock.advance(.zero)
        let end = await leading.result
        #expect(throws: LeadershipLost.self) { try end.get() }
        // Somebody else may hold it by now: it is not given back.
        #expect(arena.holder == "one")
    }

    @Test func oneOfTwoThatFindAFreeLeaseGetsIt() async throws {
        let arena = Arena()
        let contenders = ["one", "two"].map { arena.contender($0) }
        let tasks = contenders.map { contender in
            Task { try await contender.run { try await Task.sleep(for: .seconds(3600)) } }
        }
        await arena.pass { contenders.contains { $0.mayAct() } }
        await arena.seconds(20)
        #expect(contenders.count { $0.mayAct() } == 1)
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
    }

    @Test func whatOthersHavePutIntoTheLeaseStays() async throws {
        let arena = Arena()
        arena.cluster.apply(
            "leases", "martlet", "martlet-controller",
            #"{"metadata":{"labels":{"team":"x"}},"spec":{"holderIdentity":"","strategy":"Oldest","leaseTransitions":7}}"#
        )
        let one = arena.contender("one")
        let leading = Task { try await one.run { try await Task.sleep(for: .seconds(3600)) } }
        await arena.pass { one.mayAct() }
        #expect(arena.lease?["metadata"]?["labels"]?["team"]?.string == "x")
        #expect(arena.lease?["spec"]?["strategy"]?.string == "Oldest")
        #expect(arena.lease?["spec"]?["leaseTransitions"]?.int == 8)
        leading.cancel()
        _ = await leading.result
    }

    @Test func aTimeHasAlwaysSixDigits() {
        #expect(Timestamp(seconds: 0).microTime == "1970-01-01T00:00:00.000000Z")
        #expect(Timestamp(microseconds: 5).microTime == "1970-01-01T00:00:00.000005Z")
        #expect(Timestamp(microseconds: 1_999_999).time == "1970-01-01T00:00:01Z")
    }
}
