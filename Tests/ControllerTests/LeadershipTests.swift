import Testing

@testable import Controller

@Suite struct LeadershipTests {
    private static func at(_ seconds: Double) -> Int64 { Int64(seconds * 1_000_000) }

    /// One that has taken a free lease, with a request sent at 0.
    private func leader() -> Leadership {
        var leadership = Leadership(identity: "a")
        #expect(leadership.step(at: 0) == .read)
        leadership.observed(nil, at: 0)
        #expect(leadership.step(at: 0) == .write(over: nil))
        leadership.answered(.stored(version: "1"), sentAt: 0, at: Self.at(1))
        return leadership
    }

    @Test func nobodyActsBeforeItsWriteIsAnswered() {
        var leadership = Leadership(identity: "a")
        #expect(!leadership.mayAct(at: 0))
        leadership.observed(nil, at: 0)
        #expect(!leadership.mayAct(at: 0))
        leadership.answered(.stored(version: "1"), sentAt: 0, at: 5)
        #expect(leadership.mayAct(at: 5))
    }

    @Test(arguments: [(9.9, true), (10, false), (3600, false)])
    func aLeaderActsForLessThanTheDeadlineAfterItsRenewalWasSent(_ time: Double, _ mayAct: Bool) {
        #expect(leader().mayAct(at: Self.at(time)) == mayAct)
    }

    @Test func aRenewalCountsFromWhenItWasSentNotFromItsAnswer() {
        var leadership = leader()
        #expect(leadership.step(at: Self.at(1)) == .wait(until: Self.at(2)))
        #expect(leadership.step(at: Self.at(2)) == .write(over: "1"))
        leadership.answered(.stored(version: "2"), sentAt: Self.at(2), at: Self.at(9))
        #expect(leadership.mayAct(at: Self.at(11.9)))
        #expect(!leadership.mayAct(at: Self.at(12)))
    }

    @Test func aRenewalWhoseAnswerIsLostRenewsNothing() {
        var leadership = leader()
        leadership.answered(.failed, sentAt: Self.at(2), at: Self.at(5))
        #expect(leadership.step(at: Self.at(7)) == .read)
        leadership.observed(Leadership.Lease(holder: "a", version: "2"), at: Self.at(7))
        #expect(leadership.mayAct(at: Self.at(9.9)))
        #expect(!leadership.mayAct(at: Self.at(10)))
        #expect(leadership.step(at: Self.at(7)) == .write(over: "2"))
    }

    @Test func whoFindsAnotherHolderHasLost() {
        var leadership = leader()
        leadership.answered(.conflict, sentAt: Self.at(2), at: Self.at(2))
        #expect(leadership.step(at: Self.at(2)) == .read)
        leadership.observed(Leadership.Lease(holder: "b", version: "2"), at: Self.at(2))
        #expect(!leadership.mayAct(at: Self.at(2)))
        #expect(leadership.step(at: Self.at(2)) == .lost)
    }

    @Test func whoSleptPastItsDeadlineHasLost() {
        var leadership = leader()
        #expect(leadership.step(at: Self.at(30)) == .lost)
        leadership.answered(.stored(version: "2"), sentAt: Self.at(2), at: Self.at(30))
        #expect(!leadership.mayAct(at: Self.at(30)))
    }

    @Test func aStandbyTimesTheLeaseFromWhenItSawItChange() {
        var standby = Leadership(identity: "b")
        standby.observed(Leadership.Lease(holder: "a", version: "1"), at: Self.at(100))
        #expect(standby.step(at: Self.at(101)) == .wait(until: Self.at(102)))
        #expect(standby.step(at: Self.at(102)) == .read)
        standby.observed(Leadership.Lease(holder: "a", version: "2"), at: Self.at(110))
        standby.observed(Leadership.Lease(holder: "a", version: "2"), at: Self.at(120))
        #expect(standby.step(at: Self.at(124)) == .read)
        standby.observed(Leadership.Lease(holder: "a", version: "2"), at: Self.at(125))
        #expect(standby.step(at: Self.at(125)) == .write(over: "2"))
    }

    @Test func aLeaseThatWasGivenBackIsTakenAtOnce() {
        var standby = Leadership(identity: "b")
        standby.observed(Leadership.Lease(holder: "", version: "7"), at: 0)
        #expect(standby.step(at: 0) == .write(over: "7"))
    }
}
