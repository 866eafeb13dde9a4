/// A moment of the wall clock, in whole microseconds since 1970-01-01T00:00:00Z.
///
/// Reads both of Kubernetes' forms (`Time` without a fraction, `MicroTime` with six digits) and any RFC 3339
/// offset; writes UTC, with a fraction only where there is one.
package struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package init(seconds: Int64) {
        self.microseconds = seconds * 1_000_000
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.microseconds < right.microseconds
    }

    /// The moment that many seconds later (earlier when negative), held within what can be represented.
    package func adding(seconds: Int) -> Timestamp {
        let (product, overflow) = Int64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000)
        return adding(microseconds: overflow ? (seconds > 0 ? .max : .min) : product)
    }

    package func adding(microseconds delta: Int64) -> Timestamp {
        let (sum, overflow) = microseconds.addingReportingOverflow(delta)
        return Timestamp(microseconds: overflow ? (delta > 0 ? .max : .min) : sum)
    }

    /// Microseconds from `earlier` to this moment; negative when it is later.
    package func since(_ earlier: Timestamp) -> Int64 {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(earlier.microseconds)
        return overflow ? (microseconds > 0 ? .max : .min) : difference
    }

    package var description: String {
        let (days, inDay) = Self.floorDivide(microseconds, 86_400_000_000)
        let (year, month, day) = Self.civil(fromDays: days)
        let second = Int(inDay / 1_000_000)
        let fraction = Int(inDay % 1_000_000)
        guard (0...9999).contains(year) else {
            // No RFC 3339 year, and not readable again; only reached by arithmetic that ran into the end of time.
            return "\(year)-\(month)-\(day)T\(second / 3600):\(second / 60 % 60):\(second % 60)Z"
        }
        // Every byte up to the returned count is written: 19 for the date and time, 7 for a fraction, 1 for `Z`.
        return String(unsafeUninitializedCapacity: 27) { bytes in
            var end = 0
            func put(_ number: Int, width: Int, _ separator: UInt8) {
                var rest = number
                for place in stride(from: end + width - 1, through: end, by: -1) {
                    bytes[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                bytes[end + width] = separator
                end += width + 1
            }
            put(year, width: 4, UInt8(ascii: "-"))
            put(month, width: 2, UInt8(ascii: "-"))
            put(day, width: 2, UInt8(ascii: "T"))
            put(second / 3600, width: 2, UInt8(ascii: ":"))
            put(second / 60 % 60, width: 2, UInt8(ascii: ":"))
            put(second % 60, width: 2, fraction == 0 ? UInt8(ascii: "Z") : UInt8(ascii: "."))
            if fraction != 0 { put(fraction, width: 6, UInt8(ascii: "Z")) }
            return end
        }
    }

    /// The month, from 1, and its day in UTC.
    package var monthAndDay: (month: Int, day: Int) {
        let (_, month, day) = Self.civil(fromDays: Self.floorDivide(microseconds, 86_400_000_000).0)
        return (month, day)
    }

    /// Reads RFC 3339 (`2026-11-22T10:15:00Z`, `…00.123456+01:00`); nil for anything else.
    package init?(_ text: String) {
        var text = text
        // The bytes are only read while the closure runs.
        guard let time = text.withUTF8({ Timestamp(utf8: $0) }) else { return nil }
        self = time
    }

    private init?(utf8: UnsafeBufferPointer<UInt8>) {
        var digits = Cursor(bytes: utf8)
        guard let year = digits.number(4), digits.take("-"), let month = digits.number(2), digits.take("-"),
            let day = digits.number(2), digits.take("T") || digits.take("t"),
            let hour = digits.number(2), digits.take(":"), let minute = digits.number(2), digits.take(":"),
            let second = digits.number(2),
            (1...12).contains(month), (1...Self.days(inMonth: month, of: year)).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if digits.take(".") {
            guard let read = digits.fraction() else { return nil }
            fraction = read
        }
        var offset: Int64 = 0
        if !(digits.take("Z") || digits.take("z")) {
            let sign: Int64 = digits.take("+") ? 1 : digits.take("-") ? -1 : 0
            guard sign != 0, let hours = digits.number(2), digits.take(":"), let minutes = digits.number(2),
                hours < 24, minutes < 60
            else { return nil }
            offset = sign * Int64(hours * 3600 + minutes * 60)
        }
        guard digits.isAtEnd else { return nil }
        let days = Self.days(fromCivil: year, month, day)
        let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second) - offset
        self.microseconds = seconds * 1_000_000 + fraction
    }

    private struct Cursor {
        // Borrowed by `init(utf8:)`, which lets no cursor out. Always indexed below its count.
        let bytes: UnsafeBufferPointer<UInt8>
        private var place = 0

        init(bytes: UnsafeBufferPointer<UInt8>) {
            self.bytes = bytes
        }

        var isAtEnd: Bool { place == bytes.count }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard place < bytes.count, bytes[place] == UInt8(ascii: scalar) else { return false }
            place += 1
            return true
        }

        mutating func digit() -> Int? {
            guard place < bytes.count, case let byte = bytes[place], (48...57).contains(byte) else { return nil }
            place += 1
            return Int(byte) - 48
        }

        mutating func number(_ width: Int) -> Int? {
            var value = 0
            for _ in 0..<width {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        /// Microseconds from up to nine digits; what is finer is cut off.
        mutating func fraction() -> Int64? {
            var value: Int64 = 0
            var read = 0
            while let digit = digit() {
                read += 1
                if read <= 6 { value = value * 10 + Int64(digit) }
            }
            guard (1...9).contains(read) else { return nil }
            for _ in stride(from: read, to: 6, by: 1) { value *= 10 }
            return value
        }
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // The proleptic Gregorian calendar in eras of 400 years that begin in March, so that the leap day comes last.
    private static func days(fromCivil year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let (era, yearOfEra) = floorDivide(shifted, 400)
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDays days: Int64) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        let year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        return (year, month, Int(dayOfYear - (153 * shifted + 2) / 5 + 1))
    }
}
