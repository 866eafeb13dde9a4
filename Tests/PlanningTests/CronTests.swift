import Model
import TestSupport
import Testing

@testable import Planning

@Suite("When a schedule comes")
struct CronTests {
    /// Central Europe in 2026: clocks go forward on March 29th and back on October 25th, at 01:00 UTC.
    private static let berlin: ZoneOffset = { moment in
        let forward = Timestamp("2026-03-29T01:00:00Z") ?? moment
        let back = Timestamp("2026-10-25T01:00:00Z") ?? moment
        return moment >= forward && moment < back ? 7200 : 3600
    }
    private static let utc: ZoneOffset = { _ in 0 }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var cron: String
        var zone: ZoneOffset
        var after: String
        var expect: [String]

        init(_ text: String, _ cron: String, _ zone: @escaping ZoneOffset, _ after: String, _ expect: [String]) {
            testDescription = text
            self.cron = cron
            self.zone = zone
            self.after = after
            self.expect = expect
        }
    }

    @Test(arguments: [
        Case(
            "every quarter of an hour", "*/15 * * * *", utc, "2026-01-01T00:07:30Z",
            ["2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z", "2026-01-01T00:45:00Z", "2026-01-01T01:00:00Z"]),
        Case(
            "the moment itself is over", "0 0 * * *", utc, "2026-01-01T00:00:00Z",
            ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]),
        Case(
            "working days", "30 9 * * MON-FRI", utc, "2026-01-02T10:00:00Z",
            ["2026-01-05T09:30:00Z", "2026-01-06T09:30:00Z"]),
        Case(
            "a day of the month or of the week, where both are given", "0 0 13 * FRI", utc, "2026-02-06T00:00:00Z",
            ["2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z", "2026-02-27T00:00:00Z", "2026-03-06T00:00:00Z"]),
        Case(
            "the leap day", "0 12 29 2 *", utc, "2026-03-01T00:00:00Z",
            ["2028-02-29T12:00:00Z", "2032-02-29T12:00:00Z"]),
        Case("the end of a year", "@yearly", utc, "2026-12-31T23:59:59Z", ["2027-01-01T00:00:00Z"]),
        Case(
            "in a zone it is the zone's time", "0 2 * * *", berlin, "2026-07-01T00:30:00Z",
            ["2026-07-02T00:00:00Z"]),
        Case(
            "a time that the clocks skip comes as if they had not been changed yet", "30 2 * * *", berlin,
            "2026-03-28T00:00:00Z", ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]),
        Case(
            "a time that the clocks show twice comes once", "30 2 * * *", berlin, "2026-10-24T00:00:00Z",
            ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
        Case(
            "every hour is every hour that passes, when clocks go back", "30 * * * *", berlin,
            "2026-10-24T23:45:00Z",
            ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]),
        Case(
            "and when they go forward", "30 * * * *", berlin, "2026-03-28T23:45:00Z",
            ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"]),
    ])
    func next(_ example: Case) throws {
        let cron = try CronExpression.parse(example.cron).get()
        var moment = try #require(Timestamp(example.after))
        for expected in example.expect {
            let next = try #require(cron.next(after: moment, in: example.zone))
            #expect(next.description == expected)
            moment = next
        }
    }

    @Test func `the last time before a moment is found near and far`() throws {
        let since = try #require(Timestamp("2020-01-01T00:00:00Z"))
        let now = try #require(Timestamp("2026-06-15T12:00:30Z"))
        let rows = [
            ("* * * * *", "2026-06-15T12:00:00Z"), ("0 0 * * *", "2026-06-15T00:00:00Z"),
            ("0 0 1 * *", "2026-06-01T00:00:00Z"), ("@yearly", "2026-01-01T00:00:00Z"),
            ("0 0 29 2 *", "2024-02-29T00:00:00Z"),
        ]
        for (text, expected) in rows {
            let cron = try CronExpression.parse(text).get()
            #expect(cron.last(since: since, until: now, in: Self.utc)?.description == expected)
        }
        let daily = try CronExpression.parse("@daily").get()
        #expect(daily.last(since: now, until: now, in: Self.utc) == nil)
        #expect(daily.last(since: now.adding(seconds: -60), until: now, in: Self.utc) == nil)
    }

    @Test(arguments: 0..<200)
    func `by chance: what comes next is the first minute that matches`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let texts = ["*/7 * * * *", "5 */3 * * *", "10,40 1-3 * * SUN", "0 0 1,15 * *", "59 23 * 2,10 *"]
        let cron = try CronExpression.parse(texts[random.below(texts.count)]).get()
        let start = try #require(Timestamp("2026-01-01T00:00:00Z"))
        let moment = start.adding(seconds: random.below(300 * 86_400))
        let found = try #require(cron.next(after: moment, in: Self.utc))
        var minute = moment.microseconds / 60_000_000 + 1
        while !matches(cron, minute) { minute += 1 }
        #expect(found == Timestamp(seconds: minute * 60), "seed \(seed)")
    }

    private func matches(_ cron: CronExpression, _ minute: Int64) -> Bool {
        let (month, day) = Timestamp(seconds: minute * 60).monthAndDay
        let weekday = (minute / 1440 + 4) % 7
        let isDay = cron.daysOfMonth >> UInt64(day) & 1 == 1
        let isWeekday = cron.daysOfWeek >> UInt64(weekday) & 1 == 1
        return cron.minutes >> UInt64(minute % 60) & 1 == 1 && cron.hours >> UInt64(minute / 60 % 24) & 1 == 1
            && cron.months >> UInt64(month) & 1 == 1
            && (cron.anyDayOfMonth || cron.anyDayOfWeek ? isDay && isWeekday : isDay || isWeekday)
    }

    // MARK: Decisions

    private func spec(_ schedules: (cron: String, zone: String?, deadline: Int?)...) -> PipelineSpec {
        var spec = PipelineSpec()
        for given in schedules {
            var trigger = Trigger()
            var schedule = Schedule()
            schedule.cron = given.cron
            schedule.timeZone = given.zone
            schedule.startingDeadlineSeconds = given.deadline
            trigger.schedule = schedule
            spec.triggers.append(trigger)
        }
        return spec
    }

    private func decide(_ spec: PipelineSpec, since: String, now: String) throws -> ScheduleDecision {
        scheduleDecision(
            for: spec, since: try #require(Timestamp(since)), now: try #require(Timestamp(now))
        ) { $0 == "Europe/Berlin" ? Self.berlin : nil }
    }

    @Test func `of all that was missed the last is made up for, within its deadline`() throws {
        let daily = spec(("0 3 * * *", nil, nil))
        let late = try decide(daily, since: "2026-05-01T03:00:00Z", now: "2026-05-09T12:00:00Z")
        #expect(late.due?.description == "2026-05-09T03:00:00Z")
        #expect(late.next?.description == "2026-05-10T03:00:00Z")
        let strict = spec(("0 3 * * *", nil, 600))
        let tooLate = try decide(strict, since: "2026-05-01T03:00:00Z", now: "2026-05-09T12:00:00Z")
        #expect(tooLate.due == nil)
        #expect(tooLate.missed?.description == "2026-05-09T03:00:00Z")
        let inTime = try decide(strict, since: "2026-05-01T03:00:00Z", now: "2026-05-09T03:10:00Z")
        #expect(inTime.due?.description == "2026-05-09T03:00:00Z")
    }

    @Test func `several schedules that come at once make one run, and the next is the earliest`() throws {
        let both = spec(("0 3 * * *", nil, nil), ("0 5 * * *", "Europe/Berlin", nil))
        let decision = try decide(both, since: "2026-05-09T02:00:00Z", now: "2026-05-09T03:00:01Z")
        #expect(decision.due?.description == "2026-05-09T03:00:00Z")
        #expect(decision.next?.description == "2026-05-10T03:00:00Z")
    }

    @Test func `nothing comes while a pipeline is suspended, and a zone that is unknown is named`() throws {
        var suspended = spec(("0 3 * * *", nil, nil))
        suspended.desiredState = .suspended
        #expect(try decide(suspended, since: "2026-05-01T03:00:00Z", now: "2026-05-09T12:00:00Z") == ScheduleDecision())
        let nowhere = spec(("0 3 * * *", "Middle/Earth", nil))
        #expect(
            try decide(nowhere, since: "2026-05-01T03:00:00Z", now: "2026-05-09T12:00:00Z").unknownZones
                == ["Middle/Earth"])
    }
}
