/// When a schedule comes, as a CronJob of Kubernetes has it: minute, hour, day of the month, month, day of the week.
package struct CronExpression: Equatable, Sendable {
    /// The values that match, one bit each.
    package private(set) var minutes: UInt64 = 0
    package private(set) var hours: UInt64 = 0
    package private(set) var daysOfMonth: UInt64 = 0
    package private(set) var months: UInt64 = 0
    /// Sunday is 0.
    package private(set) var daysOfWeek: UInt64 = 0
    /// Whether a day's field says `*` or `?` (`*/2` doesn't): a day has to match both fields then, else one is enough.
    package private(set) var anyDayOfMonth = false
    package private(set) var anyDayOfWeek = false

    private struct Field {
        var name: String
        var range: ClosedRange<Int>
        var words: [String] = []

        static let all = [
            Field(name: "minute", range: 0...59),
            Field(name: "hour", range: 0...23),
            Field(name: "day of the month", range: 1...31),
            Field(
                name: "month", range: 1...12,
                words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
            Field(name: "day of the week", range: 0...6, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
        ]
    }

    private static let named = [
        ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *"),
    ]

    /// Reads an expression: `*/15 8-18 * * MON-FRI`, `@daily`.
    package static func parse(_ text: String) -> Result<CronExpression, TemplateError> {
        if text.hasPrefix("@") {
            if let known = named.first(where: { $0.0 == text.lowercased() }) { return parse(known.1) }
            let names = named.map(\.0)
            let near = Suggestion.nearest(to: text, among: names).map { "did you mean `\($0)`?" }
            return .failure(
                TemplateError(
                    message: "`\(text.shown())` is no schedule",
                    hint: near ?? "known are \(names.joined(separator: ", "))"))
        }
        if text.contains("TZ=") {
            return .failure(TemplateError(message: "must not name a time zone", hint: "write it as `timeZone`"))
        }
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard parts.count == Field.all.count else {
            return .failure(
                TemplateError(
                    message: "has \(parts.count) fields, not 5",
                    hint: "minute, hour, day of the month, month, day of the week"))
        }
        var sets: [UInt64] = []
        for (part, field) in zip(parts, Field.all) {
            switch bits(of: part, field) {
            case .success(let set): sets.append(set)
            case .failure(let error): return .failure(error)
            }
        }
        func isAny(_ part: Substring) -> Bool {
            part.split(separator: ",").contains { ["*", "?", "*/1", "?/1"].contains($0) }
        }
        let cron = CronExpression(
            minutes: sets[0], hours: sets[1], daysOfMonth: sets[2], months: sets[3], daysOfWeek: sets[4],
            anyDayOfMonth: isAny(parts[2]), anyDayOfWeek: isAny(parts[4]))
        return cron.everComes
            ? .success(cron)
            : .failure(TemplateError(message: "never comes", hint: "none of its months has such a day"))
    }

    /// Whether one of the months has one of the days; with days of the week given, each month has some of those.
    private var everComes: Bool {
        guard anyDayOfWeek else { return true }
        let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...12).contains { month in
            months >> UInt64(month) & 1 == 1 && daysOfMonth.trailingZeroBitCount <= lengths[month - 1]
        }
    }

    private static func bits(of part: Substring, _ field: Field) -> Result<UInt64, TemplateError> {
        func failure(_ message: String, _ hint: String? = nil) -> Result<UInt64, TemplateError> {
            .failure(TemplateError(message: "\(field.name) `\(part.shown(40))`: \(message)", hint: hint))
        }
        let bounds = "\(field.range.lowerBound) to \(field.range.upperBound)"
        var set: UInt64 = 0
        for item in part.split(separator: ",", omittingEmptySubsequences: false) {
            let stepped = item.split(separator: "/", omittingEmptySubsequences: false)
            let ends = stepped[0].split(separator: "-", omittingEmptySubsequences: false)
            guard stepped.count <= 2, ends.count <= 2 else { return failure("can't be read", "write 1-5/2 or 1,3,5") }
            var first = field.range.lowerBound
            var last = field.range.upperBound
            if stepped[0] != "*", stepped[0] != "?" {
                guard let from = value(of: ends[0], field), let to = value(of: ends[ends.count - 1], field) else {
                    let words = field.words.isEmpty ? "" : " or \(field.words[0].uppercased()), …"
                    return failure("can't be read", "write numbers from \(bounds)\(words), `*`, or `*/2`")
                }
                first = from
                // `5/10` goes on from 5 to the end, as it does in a CronJob.
                last = ends.count == 1 && stepped.count == 2 ? last : to
                guard field.range.contains(first), field.range.contains(last) else {
                    return failure("is not within \(bounds)", field.range.upperBound == 6 ? "Sunday is 0" : nil)
                }
                guard first <= last else { return failure("begins after its end") }
            }
            guard let step = stepped.count == 1 ? 1 : number(stepped[1]), step > 0 else {
                return failure("the step must be a number from 1")
            }
            for value in stride(from: first, through: last, by: step) { set |= 1 << UInt64(value) }
        }
        return .success(set)
    }

    private static func value(of text: Substring, _ field: Field) -> Int? {
        if let place = field.words.firstIndex(of: text.lowercased()) { return place + field.range.lowerBound }
        return number(text)
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 4, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}
