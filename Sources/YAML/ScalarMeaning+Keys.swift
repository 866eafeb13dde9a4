extension ScalarMeaning {
    /// The key of a JSON object that kubectl makes of this; nil where it refuses to.
    var keyText: String? {
        switch self {
        case .null, .unsigned: nil
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .double(let number): Self.short(number)
        case .string(let text): text
        }
    }

    /// The shortest spelling in single precision, as Go writes it (`strconv.FormatFloat(x, 'g', -1, 32)`).
    private static func short(_ number: Double) -> String {
        let single = Float(number)
        if single.isNaN { return ".nan" }
        if single.isInfinite { return single < 0 ? "-.inf" : ".inf" }
        let sign = single.sign == .minus ? "-" : ""
        if single == 0 { return sign + "0" }

        // Swift finds the same digits, but places the point and the exponent by other rules.
        let parts = single.magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        var digits = mantissa[0] + fraction
        var point = mantissa[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        let zeros = digits.prefix { $0 == "0" }.count
        digits = digits.dropFirst(zeros)
        point -= zeros
        while digits.last == "0" { digits.removeLast() }

        let exponent = point - 1
        if exponent < -4 || exponent >= 6 {
            let rest = digits.dropFirst()
            let size = exponent.magnitude
            return sign + digits.prefix(1) + (rest.isEmpty ? "" : ".\(rest)")
                + (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0" : "") + String(size)
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }
}
