import Synchronization
import Testing

@testable import Kafka

@Suite struct ReadPositionsTests {
    private static let first = KafkaPartition("results", 0)
    private static let second = KafkaPartition("presence", 3)

    enum Step: Sendable {
        case advance(KafkaPartition, Int64)
        case remove(KafkaPartition)
        case assign(KafkaPartition, Int64)
        case deadline
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]
        /// `nil` while the wait goes on, empty for success.
        let expected: String?

        init(_ name: String, _ steps: [Step], expect: String?) {
            (testDescription, self.steps, expected) = (name, steps, expect)
        }
    }

    @Test(arguments: [
        Case("a wait goes on until something is read", [], expect: nil),
        Case("one partition is not enough", [.advance(first, 10)], expect: nil),
        Case("all partitions are enough", [.advance(first, 10), .advance(second, 5)], expect: ""),
        Case("further is as good", [.advance(second, 7), .advance(first, 11)], expect: ""),
        Case("not far enough", [.advance(first, 9), .advance(second, 5)], expect: nil),
        Case("time runs out", [.advance(first, 10), .deadline], expect: "_TIMED_OUT"),
        Case("reached and late is reached", [.advance(first, 10), .advance(second, 5), .deadline], expect: ""),
        Case("a partition is taken away", [.advance(first, 3), .remove(second)], expect: "_STATE"),
        Case("a read partition may go", [.advance(first, 10), .remove(first), .advance(second, 5)], expect: ""),
        Case("strangers don't count", [.advance(KafkaPartition("results", 1), 10)], expect: nil),
        Case("a new assignment ends the wait for others", [.assign(first, 0)], expect: "_STATE"),
    ])
    func aWaitForTwoPartitions(_ example: Case) {
        let start = ContinuousClock.now
        var reads = ReadPositions()
        reads.assign([KafkaStart(Self.first, .at(2)), KafkaStart(Self.second, .beginning)])
        reads.wait(
            ReadPositions.Waiter(missing: [Self.first: 10, Self.second: 5], deadline: start + .seconds(5)) { _ in })
        var now = start
        for step in example.steps {
            switch step {
            case .advance(let partition, let offset): reads.advance(partition, to: offset)
            case .remove(let partition): reads.remove([partition])
            case .assign(let partition, let offset): reads.assign([KafkaStart(partition, .at(offset))])
            case .deadline: now = start + .seconds(6)
            }
        }
        let outcome: String? = reads.takeAnswers(now: now).first.map { _, answer in
            if case .failure(let error) = answer { error.name } else { "" }
        }
        #expect(outcome == example.expected)
        #expect((reads.earliestDeadline == nil) == (example.expected != nil))
    }

    @Test func aPositionIsUnknownUntilTheBrokerSaysWhereReadingBegins() {
        var reads = ReadPositions()
        reads.assign([KafkaStart(Self.first, .end), KafkaStart(Self.second, .at(4))])
        #expect(reads[Self.first] == nil && reads[Self.second] == 4)
        reads.advance(Self.first, to: 12)
        #expect(reads[Self.first] == 12)
    }

    @Test func aWaitForWhatIsAlreadyReadIsOverAtOnce() {
        var reads = ReadPositions()
        reads.assign([KafkaStart(Self.first, .at(4))])
        reads.wait(ReadPositions.Waiter(missing: [Self.first: 4], deadline: .now + .seconds(5)) { _ in })
        #expect(reads.takeAnswers(now: .now).count == 1)
    }
}
