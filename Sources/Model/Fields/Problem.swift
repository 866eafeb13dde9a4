package import Document

/// Something wrong, or worth knowing, about what a user wrote.
package struct Problem: Equatable, Sendable {
    package enum Severity: String, Sendable {
        case error
        case note
    }

    package var severity: Severity
    package var path: FieldPath
    /// Where it was written; found from the path where the document has positions.
    package var mark: Mark?
    /// What is wrong, without a full stop.
    package var message: String
    /// Where in a text of several lines it is; lets a reader of the source find the very line.
    package var within: Within?
    /// What to do about it.
    package var hint: String?

    /// A place within a text.
    package struct Within: Equatable, Sendable {
        /// From 1.
        package var line: Int
        /// What stands there.
        package var text: String

        package init(line: Int, text: String) {
            self.line = line
            self.text = text
        }
    }

    package init(
        _ message: String, at path: FieldPath = FieldPath(), mark: Mark? = nil, hint: String? = nil,
        severity: Severity = .error
    ) {
        self.severity = severity
        self.path = path
        self.mark = mark
        self.message = message
        self.hint = hint
    }

    /// The line people read: `file:line:column: error: problem (hint)`.
    package func line(file: String) -> String {
        let place = mark.map { "\(file):\($0.line):\($0.column)" } ?? file
        let field = path.steps.isEmpty ? "" : "\(path): "
        return "\(place): \(severity.rawValue): \(field)\(message)" + (hint.map { " (\($0))" } ?? "")
    }
}
