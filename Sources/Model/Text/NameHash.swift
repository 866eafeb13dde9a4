/// A hash of a text in letters and digits that names may hold: the same in every process and version.
package enum NameHash {
    private static let alphabet = Array("0123456789abcdefghijkmnpqrstvwxz".utf8)

    /// The 128-bit FNV-1a hash, mixed once more, five bits a digit. It tells texts apart, and withstands nobody who searches
    /// for a collision.
    ///
    /// - Parameter digits: From 1 to 25.
    package static func text(_ text: String, digits: Int) -> String {
        let prime = (UInt128(1) << 88) + 0x13B
        var hash = UInt128(0x6C62_272E_07BB_0142) << 64 | 0x62B8_2175_6295_C58D
        for byte in text.utf8 { hash = (hash ^ UInt128(byte)) &* prime }
        // The last bytes of a text have not reached its high bits yet.
        hash ^= hash >> 67
        hash = hash &* (UInt128(0x9E37_79B9_7F4A_7C15) << 64 | 0xF39C_C060_5CED_C835)
        hash ^= hash >> 61
        var bytes: [UInt8] = []
        for _ in 0..<digits {
            bytes.append(alphabet[Int(hash & 31)])
            hash >>= 5
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A run's name that follows from what it is for, so that whoever makes it again finds it there: the pipeline's
    /// name, cut if need be, and twelve digits (60 bits).
    ///
    /// - Parameter occasion: What the run is for: a delivery's id, a schedule's time.
    package static func run(of pipeline: String, for occasion: String) -> String {
        var base = Substring(pipeline.utf8.count > 50 ? String(pipeline.prefix(50)) : pipeline)
        while let last = base.last, last == "-" || last == "." { base = base.dropLast() }
        return "\(base)-\(text("\(occasion)/\(pipeline)", digits: 12))"
    }
}
