/// Hides secret values in what a stage writes and reports.
///
/// A value is hidden as it is, line by line if it has several, and in the forms in which tools show values: base64
/// (wherever in the encoded text it stands), percent-encoded, and escaped as in JSON. What a script does to a value on
/// purpose (reversing it, say) can't be undone here.
package struct Masker: Sendable {
    /// What is shown instead of a secret.
    package static let mark = "***"
    /// Values shorter than this would hide half of every line, and so give themselves away. They are not hidden.
    package static let shortestValue = 3
    /// Forms that are derived, and lines of a longer value, are hidden from this length on.
    private static let shortestForm = 6

    /// The texts to hide by their first byte, the longest first.
    private var patterns: [[[UInt8]]]
    private var isFirst: [Bool]
    /// Whether some values were too short to be hidden.
    package let hasUnmaskable: Bool

    package init(secrets: [String] = []) {
        self.init(secrets: secrets.map { Array($0.utf8) })
    }

    package init(secrets: [[UInt8]]) {
        var forms: Set<[UInt8]> = []
        var hasUnmaskable = false
        for secret in secrets where !secret.isEmpty {
            // A file's last newline is no part of what people mean by its content.
            var value = secret[...]
            while let last = value.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { value.removeLast() }
            guard value.count >= Self.shortestValue else {
                hasUnmaskable = true
                continue
            }
            forms.insert(Array(value))
            forms.formUnion(SecretForms.of(Array(value)).filter { $0.count >= Self.shortestForm })
        }
        var patterns = [[[UInt8]]](repeating: [], count: 256)
        for form in forms { patterns[Int(form[0])].append(form) }
        for index in patterns.indices {
            // The order of a Set must not show: longest first, then by bytes.
            patterns[index].sort { left, right in
                left.count != right.count ? left.count > right.count : left.lexicographicallyPrecedes(right)
            }
        }
        self.patterns = patterns
        isFirst = patterns.map { !$0.isEmpty }
        self.hasUnmaskable = hasUnmaskable
    }

    /// A text that is there as a whole.
    package func mask(_ text: String) -> String {
        guard isFirst.contains(true) else { return text }
        return String(decoding: mask(Array(text.utf8)), as: UTF8.self)
    }

    package func mask(_ bytes: [UInt8]) -> [UInt8] {
        var stream = stream()
        return stream.mask(bytes) + stream.finish()
    }

    /// For a text that comes in pieces.
    package func stream() -> Stream {
        Stream(masker: self)
    }

    /// Hides secrets also where they are split over two pieces: it holds back what may be the beginning of one.
    package struct Stream: Sendable {
        private let masker: Masker
        private let isIdle: Bool
        private var held: [UInt8] = []
        /// How many of the held bytes belong to a secret whose mark is already out.
        private var covered = 0

        init(masker: Masker) {
            self.masker = masker
            isIdle = !masker.isFirst.contains(true)
        }

        package mutating func mask(_ bytes: [UInt8]) -> [UInt8] {
            if isIdle { return bytes }
            return process(held.isEmpty ? bytes : held + bytes, isLast: false)
        }

        /// What was held back.
        package mutating func finish() -> [UInt8] {
            isIdle ? [] : process(held, isLast: true)
        }

        private mutating func process(_ bytes: [UInt8], isLast: Bool) -> [UInt8] {
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count)
            var index = 0
            // Up to here bytes belong to a secret whose mark is out.
            var hiddenEnd = covered
            while index < bytes.count {
                if masker.isFirst[Int(bytes[index])] {
                    switch masker.match(bytes, at: index) {
                    case .needsMore where !isLast:
                        held = Array(bytes[index...])
                        covered = max(0, hiddenEnd - index)
                        return output
                    case .needsMore(let found), .found(let found):
                        if found > 0 {
                            // Secrets that overlap are hidden under one mark.
                            if index >= hiddenEnd { output.append(contentsOf: Masker.mark.utf8) }
                            hiddenEnd = max(hiddenEnd, index + found)
                        }
                    }
                }
                if index >= hiddenEnd { output.append(bytes[index]) }
                index += 1
            }
            held = []
            covered = 0
            return output
        }
    }

    private enum Match {
        /// The length of the longest secret that stands here, or 0.
        case found(Int)
        /// The bytes end where a longer secret may go on; with the longest that stands here in any case.
        case needsMore(Int)
    }

    private func match(_ bytes: [UInt8], at start: Int) -> Match {
        var needsMore = false
        for pattern in patterns[Int(bytes[start])] {
            let available = min(pattern.count, bytes.count - start)
            var length = 1
            while length < available && bytes[start + length] == pattern[length] { length += 1 }
            guard length == available else { continue }
            if length == pattern.count { return needsMore ? .needsMore(length) : .found(length) }
            needsMore = true
        }
        return needsMore ? .needsMore(0) : .found(0)
    }
}
