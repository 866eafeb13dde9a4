import Testing

@testable import Reporting

/// What happens to a queue, and what comes out of it.
@Suite struct ReportQueueTests {
    enum Step {
        case add(String, Int)
        /// What is taken at that second.
        case take(Int, [String])
        case ended(String, floor: Int)
        case putBack(String, Int)
        case pause(Int)
        case drop(String)
        case due(Int?)
    }

    struct Case: CustomTestStringConvertible {
        var name: String
        var limit = 1
        var steps: [Step]
        var testDescription: String { name }

        init(_ name: String, limit: Int = 1, _ steps: [Step]) {
            self.name = name
            self.limit = limit
            self.steps = steps
        }
    }

    static let cases = [
        Case("a key that is asked for is taken once", [.add("a", 0), .add("a", 0), .take(0, ["a"]), .take(0, [])]),
        Case(
            "of two times the earlier one wins", [.add("a", 9), .add("a", 3), .due(3), .take(2, []), .take(3, ["a"])]),
        Case(
            "a key that runs is held until it has ended",
            limit: 2,
            [.add("a", 0), .take(0, ["a"]), .add("a", 0), .take(0, []), .ended("a", floor: 0), .take(0, ["a"])]),
        Case(
            "a key that nobody asked for again is gone when it has ended",
            [.add("a", 0), .take(0, ["a"]), .ended("a", floor: 0), .due(nil), .take(9, [])]),
        Case(
            "a run is not told again before its quiet time is over",
            [
                .add("a", 0), .take(0, ["a"]), .add("a", 0), .ended("a", floor: 2), .due(2), .take(1, []),
                .take(2, ["a"]),
            ]),
        Case(
            "no more run than the target may be told of at once, the longest due first",
            limit: 2,
            [
                .add("c", 2), .add("b", 0), .add("a", 1), .take(5, ["b", "a"]), .due(nil), .ended("b", floor: 0),
                .take(5, ["c"]),
            ]),
        Case(
            "nothing is taken while the target is paused, and all of it afterwards",
            limit: 4,
            [
                .add("a", 0), .add("b", 1), .pause(30), .take(29, []), .due(30), .add("c", 2),
                .take(30, ["a", "b", "c"]),
            ]),
        Case(
            "a shorter pause doesn't end a longer one", [.add("a", 0), .pause(30), .pause(10), .take(20, []), .due(30)]),
        Case(
            "a key that was put back waits for the pause's end",
            [.add("a", 0), .take(0, ["a"]), .putBack("a", 0), .pause(7), .due(7), .take(7, ["a"])]),
        Case("a run that is gone waits for nothing", [.add("a", 0), .drop("a"), .due(nil), .take(1, [])]),
        Case(
            "a run that is gone while it is told isn't told again",
            [.add("a", 0), .take(0, ["a"]), .add("a", 0), .drop("a"), .ended("a", floor: 0), .take(1, [])]),
    ]

    @Test(arguments: cases) func queue(_ example: Case) {
        var queue = ReportQueue(limits: ["slack": example.limit])
        func key(_ uid: String) -> ReportKey { ReportKey(uid: uid, target: "slack") }
        for (number, step) in example.steps.enumerated() {
            switch step {
            case .add(let uid, let due): queue.add(key(uid), at: .seconds(due))
            case .take(let now, let expected):
                #expect(queue.take(at: .seconds(now)).map(\.uid) == expected, "step \(number)")
            case .ended(let uid, let floor): queue.ended(key(uid), floor: .seconds(floor))
            case .putBack(let uid, let now): queue.putBack(key(uid), at: .seconds(now))
            case .pause(let until): queue.pause("slack", until: .seconds(until))
            case .drop(let uid): queue.drop(key(uid))
            case .due(let expected): #expect(queue.nextDue == expected.map { .seconds($0) }, "step \(number)")
            }
        }
    }

    @Test func `failures in a row wait longer and longer, up to five minutes, and news doesn't shorten it`() {
        let key = ReportKey(uid: "a", target: "slack")
        var queue = ReportQueue(limits: ["slack": 1])
        var now = Duration.zero
        queue.add(key, at: now)
        for number in 0..<14 {
            #expect(queue.take(at: now) == [key])
            let delay = queue.failed(key, at: now)
            let nominal = min(300, Double(1 << number))
            #expect(delay >= .seconds(nominal / 2) && delay <= .seconds(nominal))
            queue.add(key, at: now)
            #expect(queue.nextDue == now + delay)
            now += delay
        }
        #expect(queue.take(at: now) == [key])
        queue.ended(key, floor: now)
        queue.add(key, at: now)
        #expect(queue.take(at: now) == [key])
        #expect(queue.failed(key, at: now) <= .seconds(1))
    }

    @Test func `the wait after a failure is the same in every process, and differs between runs`() {
        let delays = ["a", "b", "c"].map { ReportQueue.backOff(ReportKey(uid: $0, target: "slack"), failures: 5) }
        #expect(Set(delays).count == 3)
        #expect(delays[0] == ReportQueue.backOff(ReportKey(uid: "a", target: "slack"), failures: 5))
    }
}
