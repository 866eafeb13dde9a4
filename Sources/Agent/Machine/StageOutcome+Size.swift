package import Model

extension StageOutcome {
    /// A `finished` with it must stay well below a message's largest size.
    private static let annotationBytes = 400_000
    private static let messageBytes = 4096
    private static let resultsCount = 64
    private static let resultBytes = 4096
    private static let allResultsBytes = 200_000

    /// The memory it takes, roughly.
    var size: Int {
        var size = 128 + (message?.utf8.count ?? 0)
        for result in results { size += result.name.utf8.count + result.value.utf8.count + 48 }
        for annotation in annotations { size += annotation.size }
        return size
    }

    /// Without what only checks show; what a later stage may need is all there.
    var withoutFindings: StageOutcome {
        var outcome = self
        outcome.annotations = []
        outcome.message = message?.cut(toBytes: 512)
        return outcome
    }

    /// The outcome within the protocol's limits, so that no controller refuses it.
    package func fitted() -> StageOutcome {
        var outcome = self
        outcome.message = message?.cut(toBytes: Self.messageBytes)
        if outcome.reason?.isEmpty == true { outcome.reason = nil }
        outcome.reason = outcome.reason?.cut(toBytes: 128)
        outcome.exitCode = exitCode.map { min(max($0, -1), 65_535) }
        // A name that the protocol doesn't know would make the whole report unreadable.
        outcome.results.removeAll { !Self.isWord($0.name) }
        if outcome.results.count > Self.resultsCount {
            outcome.results.removeLast(outcome.results.count - Self.resultsCount)
        }
        var resultBytes = 0
        for index in outcome.results.indices {
            outcome.results[index].value = outcome.results[index].value.cut(toBytes: Self.resultBytes)
            resultBytes += outcome.results[index].value.sizeAsJSON + 128
        }
        // Still more than a controller takes, which says so then.
        while resultBytes > Self.allResultsBytes, let last = outcome.results.popLast() {
            resultBytes -= last.value.sizeAsJSON + 128
        }
        outcome.annotations = []
        var bytes = 0
        for annotation in annotations.prefix(1000) {
            let annotation = annotation.fitted()
            bytes += annotation.sizeAsJSON
            guard bytes <= Self.annotationBytes else { break }
            outcome.annotations.append(annotation)
        }
        return outcome
    }

    private static func isWord(_ name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard let first = name.utf8.first, isLetter(first), name.utf8.count <= 63 else { return false }
        return name.utf8.allSatisfy {
            isLetter($0) || $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
    }
}

extension Annotation {
    var size: Int { path.utf8.count + message.utf8.count + (rule?.utf8.count ?? 0) + 96 }

    /// At least as much as it takes in a message.
    var sizeAsJSON: Int { path.sizeAsJSON + message.sizeAsJSON + (rule?.sizeAsJSON ?? 0) + 128 }

    func fitted() -> Annotation {
        var annotation = self
        annotation.path = path.cut(toBytes: 1024)
        annotation.message = message.cut(toBytes: 2048)
        annotation.rule = rule?.cut(toBytes: 128)
        annotation.line = line.map { min(max($0, 0), Int(Int32.max)) }
        annotation.column = column.map { min(max($0, 0), Int(Int32.max)) }
        return annotation
    }
}

extension String {
    /// JSON writes a control character in six bytes, a quotation mark or a backslash in two.
    fileprivate var sizeAsJSON: Int {
        utf8.reduce(0) {
            $0 + ($1 < 0x20 || $1 == 0x7f ? 6 : $1 == UInt8(ascii: "\"") || $1 == UInt8(ascii: "\\") ? 2 : 1)
        }
    }

    /// The text if it has no more bytes, else as much of it as fits together with `…`, without cutting a character.
    func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit - 3)
        while end > startIndex, UTF8.isContinuation(utf8[end]) { end = utf8.index(before: end) }
        return self[..<end] + "…"
    }
}
