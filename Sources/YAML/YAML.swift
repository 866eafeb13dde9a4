package import Document

/// Reads YAML manifests as `kubectl apply` does.
///
/// What a scalar means follows kubectl (sigs.k8s.io/yaml, which goes from YAML 1.1 to JSON), so that a file means the
/// same wherever it is read: `y` is true, `0755` is 493, `1e3` is 1000, and dates are strings. What kubectl lets pass
/// although it can't be meant is a problem here: keys that appear twice, and tags that it ignores.
package enum YAML {
    /// Reads every document of a text, in UTF-8 or, with a byte order mark, in UTF-16.
    ///
    /// Never fails as a whole: the result holds what could be read and all that is wrong. A mistake in the syntax, or
    /// reaching a limit, ends the reading; the document that it is in is left out.
    package static func parse(_ bytes: [UInt8], limits: YAMLLimits = .manifests) -> YAMLStream {
        guard bytes.count <= limits.bytes else {
            return YAMLStream(problem: YAMLProblem(.start, "the text is larger than \(limits.bytes) bytes"))
        }
        let text: [UInt8]
        switch SourceText.inUTF8(bytes) {
        case .success(let checked): text = checked
        case .failure(let problem): return YAMLStream(problem: problem)
        }
        // The buffer is lent for the length of the closure, in which the parser lives and ends.
        return text.withUnsafeBufferPointer { buffer in
            if let mark = SourceText.excessiveDirective(in: buffer) {
                let message = "there are more than \(SourceText.mostDirectives) %TAG lines"
                return YAMLStream(problem: YAMLProblem(mark, message))
            }
            let parser = EventParser(reading: buffer)
            var builder = TreeBuilder(limits: limits)
            do throws(YAMLSyntaxError) {
                while builder.isReading {
                    builder.handle(try parser.next())
                }
            } catch {
                builder.fail(error.explained(in: buffer))
            }
            return builder.stream
        }
    }
}

/// What a YAML text holds, and what is wrong with it.
package struct YAMLStream: Equatable, Sendable {
    /// The documents that could be read, in order. Like kubectl, it leaves out those that are empty or say `null`.
    package var documents: [Node] = []
    /// All mistakes, in the order of the text. Documents aren't to be used unless this is empty.
    package var problems: [YAMLProblem] = []

    package init(documents: [Node] = [], problems: [YAMLProblem] = []) {
        self.documents = documents
        self.problems = problems
    }

    init(problem: YAMLProblem) {
        problems = [problem]
    }
}

extension Mark {
    static let start = Mark(line: 1, column: 1)
}
