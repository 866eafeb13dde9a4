/// A text made fit for a status: cut between characters with `…`, without control characters.
///
/// The limit is in bytes of the text as JSON holds it, where a quotation mark takes two: that is what the status is
/// measured by.
func bounded(_ text: String, to limit: Int) -> String {
    if text.utf8.count <= limit, jsonSize(of: text) == text.utf8.count { return text }
    var kept = String.UnicodeScalarView()
    var size = 0
    // Where to cut so that the mark still fits.
    var room = kept.endIndex
    for scalar in text.unicodeScalars {
        let clean: Unicode.Scalar =
            scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || scalar.value == 0x7F
            ? " " : scalar
        size += jsonSize(of: clean)
        if size > limit {
            let start = String(kept[..<room])
            return start + (limit >= 3 ? "…" : "")
        }
        kept.append(clean)
        if size <= limit - 3 { room = kept.endIndex }
    }
    return String(kept)
}

/// How many bytes a text takes within a JSON string.
func jsonSize(of text: String) -> Int {
    var size = 0
    for byte in text.utf8 {
        switch byte {
        case 0x22, 0x5C, 0x08, 0x09, 0x0A, 0x0C, 0x0D: size += 2
        case 0..<0x20: size += 6
        default: size += 1
        }
    }
    return size
}

private func jsonSize(of scalar: Unicode.Scalar) -> Int {
    switch scalar {
    case "\"", "\\", "\n", "\t": 2
    default: UTF8.width(scalar)
    }
}
