internal import Document

/// Reads what linters write.
package enum LintReport: Equatable, Sendable {
    case pylint, ruff, eslint, shellcheck, hadolint
    /// Lines of `path:line:column: level: message`, as compilers write them, of the named tool.
    case lines(tool: String, level: Finding.Level)

    package var tool: String {
        switch self {
        case .pylint: "pylint"
        case .ruff: "ruff"
        case .eslint: "eslint"
        case .shellcheck: "shellcheck"
        case .hadolint: "hadolint"
        case .lines(let tool, _): tool
        }
    }

    /// - Parameter root: The checkout, which is taken off the front of absolute paths.
    package func findings(in bytes: [UInt8], root: String) throws(ReportError) -> [Finding] {
        if case .lines(let tool, let level) = self {
            return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap {
                Self.finding(in: $0, tool: tool, level: level, root: root)
            }
        }
        let document = try ReportReading.json(bytes, tool: tool)
        guard let entries = document.array ?? document["messages"]?.array else {
            throw ReportError(tool: tool, problem: "its report is no list of messages")
        }
        if self == .eslint {
            return entries.flatMap { file in
                let path = ReportReading.relative(file["filePath"]?.string ?? "", to: root)
                return (file["messages"]?.array ?? []).map { finding(ofESLint: $0, path: path) }
            }
        }
        return entries.map { finding(of: $0, root: root) }
    }

    private func finding(ofESLint message: Node, path: String) -> Finding {
        let isError = message.whole("severity") == 2
        return Finding(
            tool: tool, rule: message["ruleId"]?.string ?? "parse-error", path: path, line: message.whole("line"),
            column: message.whole("column"), level: isError ? .error : .warning,
            message: message["message"]?.string ?? "")
    }

    private func finding(of entry: Node, root: String) -> Finding {
        let location = entry["location"]
        let path = entry["path"] ?? entry["filename"] ?? entry["file"]
        let column = entry.whole("column") ?? location?.whole("column")
        let level: Finding.Level =
            switch self == .ruff ? "error" : entry["type"]?.string ?? entry["level"]?.string ?? "" {
            case "error", "fatal": .error
            case "warning": .warning
            default: .notice
            }
        let rule = entry["message-id"]?.string ?? entry["messageId"]?.string ?? entry["code"]?.string
        return Finding(
            tool: tool, rule: rule ?? entry.whole("code").map { "SC\($0)" } ?? "syntax-error",
            path: ReportReading.relative(path?.string ?? "", to: root),
            line: entry.whole("line") ?? location?.whole("row"),
            // pylint counts columns from zero.
            column: self == .pylint ? column.map { $0 + 1 } : column, level: level,
            message: entry["message"]?.string ?? "")
    }

    private static func finding(in line: Substring, tool: String, level: Finding.Level, root: String) -> Finding? {
        let parts = line.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let row = Int(parts[1]), !parts[0].isEmpty, !parts[0].contains(" ") else { return nil }
        var level = level
        var (column, rest) = (Int(parts[2]), parts[3])
        // Without a column: `path:line: message`.
        if column == nil { (column, rest) = (nil, line[parts[2].startIndex...]) }
        var message = rest.drop { $0 == " " }
        for known in [Finding.Level.error, .warning] where message.hasPrefix("\(known.name): ") {
            level = known
            message = message.dropFirst(known.name.count + 2)
        }
        var rule = tool
        if message.hasPrefix("["), let end = message.firstIndex(of: "]") {
            rule = String(message[message.index(after: message.startIndex)..<end])
            message = message[message.index(after: end)...].drop { $0 == " " }
        }
        return Finding(
            tool: tool, rule: rule, path: ReportReading.relative(String(parts[0]), to: root), line: row, column: column,
            level: level, message: String(message))
    }
}

/// What reading reports has in common.
enum ReportReading {
    static let maxBytes = 64 << 20

    static func json(_ bytes: [UInt8], tool: String) throws(ReportError) -> Node {
        guard !bytes.isEmpty else { throw ReportError(tool: tool, problem: "it wrote no report") }
        do {
            return try parseJSON(bytes)
        } catch {
            throw ReportError(tool: tool, problem: "its report can't be read: \(error)")
        }
    }

    static func relative(_ path: String, to root: String) -> String {
        var path = path[...]
        if path.hasPrefix("\(root)/") { path = path.dropFirst(root.count + 1) }
        while path.hasPrefix("./") { path = path.dropFirst(2) }
        return String(path)
    }
}

extension Node {
    // Swift 6.3.1 fails to compile callers, optimised, that this is inlined into.
    @inline(never)
    func whole(_ key: String) -> Int? {
        guard let value = self[key], case .int(let number) = value.value else { return nil }
        return Int(exactly: number)
    }
}
