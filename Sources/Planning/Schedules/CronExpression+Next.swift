package import Model

/// A time zone as far as schedules need it: how far its clocks are ahead of UTC at a moment, in seconds.
package typealias ZoneOffset = @Sendable (Timestamp) -> Int

extension CronExpression {
    /// No expression that comes at all keeps away for longer: February 29th, over a century without one.
    private static let horizonDays: Int64 = 366 * 9
    private static let day: Int64 = 86_400
    /// No clock is changed by more.
    private static let largestChange: Int64 = 3 * 3600

    /// The first moment after another one at which the zone's clocks show what the expression says.
    ///
    /// A time that the clocks skip comes as if they had not been changed yet, and one that they show twice comes the
    /// first time; but where every hour is meant, each hour that passes counts as one.
    package func next(after moment: Timestamp, in zone: ZoneOffset) -> Timestamp? {
        let now = Self.seconds(moment)
        let local = now + Int64(zone(moment))
        let today = local.quotient(by: Self.day)
        // A clock that was put back may show yesterday again.
        for number in today - 1...today + Self.horizonDays where comes(onDay: number) {
            if let found = first(onDay: number, after: now, near: local, in: zone) { return Timestamp(seconds: found) }
        }
        return nil
    }

    /// The last moment after `since`, and not after `now`, at which it came; nil if it didn't.
    package func last(since: Timestamp, until now: Timestamp, in zone: ZoneOffset) -> Timestamp? {
        // Near moments first: a schedule of every minute that has waited for weeks is not counted through.
        for reach in [2 * 3600, 2 * 86_400, 40 * 86_400, 400 * 86_400, nil] {
            let start = reach.map { max(since, now.adding(seconds: -$0)) } ?? since
            var found: Timestamp?
            var moment = start
            while let next = next(after: moment, in: zone), next <= now {
                found = next
                moment = next
            }
            if found != nil || start == since { return found }
        }
        return nil
    }

    private static func seconds(_ moment: Timestamp) -> Int64 { moment.microseconds.quotient(by: 1_000_000) }

    private var isHourly: Bool { hours == 0xFF_FFFF }

    private func comes(onDay number: Int64) -> Bool {
        let (month, day) = Timestamp(seconds: number * Self.day).monthAndDay
        guard months >> UInt64(month) & 1 == 1 else { return false }
        let isDay = daysOfMonth >> UInt64(day) & 1 == 1
        // The first of January 1970 was a Thursday.
        let weekday = (number + 4) - (number + 4).quotient(by: 7) * 7
        let isWeekday = daysOfWeek >> UInt64(weekday) & 1 == 1
        return anyDayOfMonth || anyDayOfWeek ? isDay && isWeekday : isDay || isWeekday
    }

    private func first(onDay number: Int64, after now: Int64, near local: Int64, in zone: ZoneOffset) -> Int64? {
        var found: Int64?
        var foundAt: Int64 = 0
        for hour in 0..<24 where hours >> UInt64(hour) & 1 == 1 {
            for minute in 0..<60 where minutes >> UInt64(minute) & 1 == 1 {
                let shown = number * Self.day + Int64(hour * 3600 + minute * 60)
                if shown < local - Self.largestChange { continue }
                // What is shown later comes later, unless the clocks are changed in between.
                if found != nil, shown > foundAt + Self.largestChange { return found }
                for moment in moments(showing: shown, in: zone) where moment > now {
                    if found.map({ moment < $0 }) ?? true {
                        found = moment
                        foundAt = shown
                    }
                }
            }
        }
        return found
    }

    /// When the zone's clocks show a time, given as if it were UTC.
    private func moments(showing shown: Int64, in zone: ZoneOffset) -> [Int64] {
        let before = Int64(zone(Timestamp(seconds: shown - Self.day)))
        let after = Int64(zone(Timestamp(seconds: shown + Self.day)))
        if before == after { return [shown - before] }
        let first = shown - before
        let second = shown - after
        let isFirst = Int64(zone(Timestamp(seconds: first))) == before
        let isSecond = Int64(zone(Timestamp(seconds: second))) == after
        switch (isFirst, isSecond) {
        case (true, true): return isHourly ? [first, second] : [first]
        case (true, false): return [first]
        case (false, true): return [second]
        case (false, false): return isHourly ? [] : [first]
        }
    }
}

extension Int64 {
    /// Rounded down.
    fileprivate func quotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
