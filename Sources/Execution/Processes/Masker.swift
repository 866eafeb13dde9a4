/// Hides secret values in what a stage writes and reports.
///
/// A value is hidden as it is, line by line if it has several, and in the forms in which tools show values: see
/// `SecretForms`. What a script does to a value on purpose (reversing it, say) can't be undone here.
package struct Masker: Sendable {
    /// What is shown instead of a secret.
    package static let mark = "***"
    /// Values shorter than this would hide half of every line, and so give themselves away. They are not hidden.
    package static let shortestValue = 3
    /// Forms that are derived, and lines of a longer value, are hidden from this length on.
    private static let shortestForm = 6
    /// Of a secret at the end of a text that was cut, a beginning of this length is hidden.
    private static let shortestBeginning = 4

    /// The texts to hide by their first byte, the longest first.
    private var patterns: [[SecretPattern]]
    private var isFirst: [Bool]
    /// Whether some values were too short to be hidden.
    package let hasUnmaskable: Bool

    package init(secrets: [String] = []) {
        self.init(secrets: secrets.map { Array($0.utf8) })
    }

    package init(secrets: [[UInt8]]) {
        var forms: Set<SecretPattern> = []
        var hasUnmaskable = false
        for secret in secrets where !secret.isEmpty {
            // A file's last newline is no part of what people mean by its content.
            var value = secret[...]
            while let last = value.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { value.removeLast() }
            guard value.count >= Self.shortestValue else {
                hasUnmaskable = true
                continue
            }
            forms.insert(SecretPattern(bytes: Array(value)))
            forms.formUnion(SecretForms.of(Array(value)).filter { $0.bytes.count >= Self.shortestForm })
        }
        var patterns = [[SecretPattern]](repeating: [], count: 256)
        for form in forms { patterns[Int(form.bytes[0])].append(form) }
        for index in patterns.indices {
            // The order of a Set must not show: longest first, then by bytes.
            patterns[index].sort { left, right in
                left.bytes.count != right.bytes.count
                    ? left.bytes.count > right.bytes.count : left.bytes.lexicographicallyPrecedes(right.bytes)
            }
        }
        self.patterns = patterns
        isFirst = patterns.map { !$0.isEmpty }
        self.hasUnmaskable = hasUnmaskable
    }

    /// A text that is there as a whole.
    package func mask(_ text: String) -> String { mask(text, isCut: false) }

    /// A text whose end may have been cut off, within a secret too: of one that goes on there, its beginning is hidden.
    package func mask(cut text: String) -> String { mask(text, isCut: true) }

    private func mask(_ text: String, isCut: Bool) -> String {
        guard isFirst.contains(true) else { return text }
        var stream = stream()
        let bytes = stream.mask(Array(text.utf8)) + stream.finish(isCut: isCut)
        return String(decoding: bytes, as: UTF8.self)
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

        /// What was held back; of what may be the beginning of a secret nothing if the text has been cut there.
        package mutating func finish(isCut: Bool = false) -> [UInt8] {
            isIdle ? [] : process(held, isLast: true, isCut: isCut)
        }

        private mutating func process(_ bytes: [UInt8], isLast: Bool, isCut: Bool = false) -> [UInt8] {
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
                    case .needsMore where isCut && bytes.count - index >= Masker.shortestBeginning:
                        if index >= hiddenEnd { output.append(contentsOf: Masker.mark.utf8) }
                        hiddenEnd = bytes.count
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
        var (needsMore, longest) = (false, 0)
        for pattern in patterns[Int(bytes[start])] {
            switch pattern.match(bytes, at: start) {
            case .none: continue
            case .partial: needsMore = true
            // With its line breaks a shorter pattern may reach further than a longer one.
            case .whole(let length): longest = max(longest, length)
            }
        }
        return needsMore ? .needsMore(longest) : .found(longest)
    }
}
