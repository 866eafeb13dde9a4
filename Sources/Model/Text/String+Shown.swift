extension StringProtocol {
    /// The text as it may stand in a message: on one line, without anything that a terminal would act on or that would
    /// hide what is written, and cut where it is long.
    package func shown(_ limit: Int = 80) -> String {
        var text = ""
        var count = 0
        for scalar in unicodeScalars {
            guard count < limit else { return text + "…" }
            count += 1
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
                switch scalar {
                case "\n": text += "\\n"
                case "\r": text += "\\r"
                case "\t": text += "\\t"
                default: text += "\\u{\(String(scalar.value, radix: 16))}"
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
