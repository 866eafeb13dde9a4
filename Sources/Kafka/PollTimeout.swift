/// How long a poll of librdkafka may block: until something arrives, or the earliest deadline.
enum PollTimeout {
    /// librdkafka's number for no limit.
    static let unlimited: Int32 = -1

    static func milliseconds(
        until deadline: ContinuousClock.Instant?, now: ContinuousClock.Instant = .now
    ) -> Int32 {
        guard let deadline else { return unlimited }
        return (deadline - now).roundedUpMilliseconds
    }
}

extension Duration {
    /// Whole milliseconds, at least zero, rounded up so that a deadline has passed when the time is over.
    var roundedUpMilliseconds: Int32 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
