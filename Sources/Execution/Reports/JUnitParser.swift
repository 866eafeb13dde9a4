internal import CExpat

/// Reads JUnit's XML as the many tools write it that only roughly agree on it.
///
/// Tests are counted by their elements: the sums that tools write beside them are often missing or wrong. Documents that
/// declare entities are refused, since a small one can stand for gigabytes.
final class JUnitParser {
    private static let maxDepth = 64
    private static let maxText = 8 << 10

    private let root: String
    private var report = TestReport()
    private var depth = 0
    private var refusal: String?
    private var test: (suite: String, name: String, path: String?, line: Int?)?
    private var outcome: Outcome?
    private var isInOutcome = false
    private var message = ""
    private var text: [UInt8] = []

    private enum Outcome { case failure, error, skipped }

    private init(root: String) {
        self.root = root
    }

    static func parse(_ bytes: [UInt8], root: String) throws(ReportError) -> TestReport {
        guard let parser = XML_ParserCreate(nil) else {
            throw ReportError(tool: "JUnit", problem: "no memory for a parser")
        }
        defer { XML_ParserFree(parser) }
        let reader = JUnitParser(root: root)
        // Lives until the end of this function, as `reader` does; the handlers run within it.
        XML_SetUserData(parser, Unmanaged.passUnretained(reader).toOpaque())
        XML_SetElementHandler(
            parser,
            { context, name, attributes in
                guard let name else { return }
                JUnitParser.reader(context)?.begin(String(cString: name), JUnitParser.dictionary(attributes))
            },
            { context, name in
                guard let name else { return }
                JUnitParser.reader(context)?.end(String(cString: name))
            })
        XML_SetCharacterDataHandler(parser) { context, start, length in
            guard let start else { return }
            // The parser says how long the text is.
            start.withMemoryRebound(to: UInt8.self, capacity: Int(length)) { bytes in
                JUnitParser.reader(context)?.append(UnsafeBufferPointer(start: bytes, count: Int(length)))
            }
        }
        XML_SetEntityDeclHandler(parser) { context, _, _, _, _, _, _, _, _ in
            JUnitParser.reader(context)?.refusal = "it declares entities"
        }
        return try withExtendedLifetime(reader) { () throws(ReportError) in
            var start = 0
            repeat {
                let end = min(bytes.count, start + (64 << 10))
                let isLast = end == bytes.count
                let status = bytes[start..<end].withUnsafeBufferPointer { piece in
                    piece.withMemoryRebound(to: CChar.self) { characters in
                        // The length is the buffer's, at most 64 KiB.
                        XML_Parse(parser, characters.baseAddress, Int32(characters.count), isLast ? 1 : 0)
                    }
                }
                if let refusal = reader.refusal { throw ReportError(tool: "JUnit", problem: refusal) }
                guard status == XML_STATUS_OK else {
                    let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "an error"
                    let line = XML_GetCurrentLineNumber(parser)
                    throw ReportError(tool: "JUnit", problem: "line \(line) of the report: \(reason)")
                }
                start = end
            } while start < bytes.count
            return reader.report
        }
    }

    private static func reader(_ context: UnsafeMutableRawPointer?) -> JUnitParser? {
        guard let context else { return nil }
        // Set above, and alive for as long as the parser.
        let reader = Unmanaged<JUnitParser>.fromOpaque(context).takeUnretainedValue()
        return reader.refusal == nil ? reader : nil
    }

    private static func dictionary(_ list: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> [String: String] {
        guard var next = list else { return [:] }
        var result: [String: String] = [:]
        // Names and values in turn, with a null pointer at the end.
        while let name = next[0], let value = next[1] {
            result[String(cString: name)] = String(cString: value)
            next += 2
        }
        return result
    }

    private func begin(_ name: String, _ attributes: [String: String]) {
        depth += 1
        if depth > Self.maxDepth { refusal = "it is nested more than \(Self.maxDepth) deep" }
        switch name {
        case "testcase":
            test = (
                attributes["classname"] ?? "", attributes["name"] ?? "",
                attributes["file"].map { ReportReading.relative($0, to: root) },
                // pytest counts from zero.
                attributes["line"].flatMap { Int($0) }.map { $0 + 1 }
            )
            outcome = nil
            report.tests += 1
            if let seconds = attributes["time"].flatMap({ Double($0) }), seconds.isFinite, seconds > 0 {
                report.seconds += seconds
            }
        case "failure", "error", "skipped":
            guard test != nil else { return }
            let new: Outcome = name == "failure" ? .failure : name == "error" ? .error : .skipped
            // A test may fail several times, and break in its teardown; it counts once, by what came first.
            guard outcome == nil || outcome == .skipped else { return }
            outcome = new
            isInOutcome = true
            message = attributes["message"] ?? ""
            text = []
        default:
            break
        }
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard isInOutcome else { return }
        text += bytes
        // The end says where it happened.
        if text.count > 2 * Self.maxText { text.removeFirst(text.count - Self.maxText) }
    }

    private func end(_ name: String) {
        depth -= 1
        switch name {
        case "failure", "error", "skipped":
            isInOutcome = false
        case "testcase":
            guard let test else { return }
            self.test = nil
            switch outcome {
            case nil: return
            case .skipped: report.skipped += 1
            case .failure:
                report.failures += 1
                keepFailure(of: test)
            case .error:
                report.errors += 1
                keepFailure(of: test)
            }
        default:
            break
        }
    }

    private func keepFailure(of test: (suite: String, name: String, path: String?, line: Int?)) {
        guard report.failed.count < TestReport.maxFailures else { return }
        let body = String(decoding: text, as: UTF8.self)
        let first = body.split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) }
        let shown = message.isEmpty ? String(first ?? "failed") : message
        let place = FailurePlace.find(in: body, root: root)
        report.failed.append(
            TestReport.Failure(
                suite: test.suite, name: test.name, message: String(shown.prefix(1000)), path: place?.path ?? test.path,
                line: place?.line ?? test.line))
    }
}

/// Where a test failed, by the text of its failure.
enum FailurePlace {
    /// The last line of the form `path:line: …` (pytest), else the first `(path:line:column)` of a file of the checkout
    /// (Node's stacks).
    static func find(in text: String, root: String) -> (path: String, line: Int)? {
        let lines = text.split(whereSeparator: \.isNewline)
        for line in lines.reversed() {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 3, let number = Int(parts[1]), number > 0, !parts[0].isEmpty,
                !parts[0].contains(where: { $0 == " " || $0 == "(" })
            {
                return (ReportReading.relative(String(parts[0]), to: root), number)
            }
        }
        for line in lines {
            guard let start = line.firstRange(of: "\(root)/")?.upperBound else { continue }
            let parts = line[start...].split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 3, let number = Int(parts[1]), number > 0, !parts[0].hasPrefix("node_modules/") {
                return (String(parts[0]), number)
            }
        }
        return nil
    }
}

extension TestReport {
    /// Reads a JUnit report.
    ///
    /// - Parameter root: The checkout, which is taken off the front of absolute paths.
    package init(junit bytes: [UInt8], root: String) throws(ReportError) {
        self = try JUnitParser.parse(bytes, root: root)
    }
}
