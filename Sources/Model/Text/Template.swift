/// What a `$(…)` stands for.
package enum Reference: Hashable, Sendable, CustomStringConvertible {
    package enum RunField: String, Choice {
        case name, namespace, uid, pipeline
    }

    package enum SourceField: String, Choice {
        case url, revision, ref, branch, tag, pullRequest
    }

    case param(String)
    case result(stage: String, name: String)
    case run(RunField)
    case source(SourceField)
    case matrix(String)

    package var description: String {
        switch self {
        case .param(let name): "params.\(name)"
        case .result(let stage, let name): "stages.\(stage).results.\(name)"
        case .run(let field): "run.\(field.rawValue)"
        case .source(let field): "source.\(field.rawValue)"
        case .matrix(let axis): "matrix.\(axis)"
        }
    }

    /// Reads what stands between `$(` and `)`.
    package static func parse(_ text: String) -> Result<Reference, TemplateError> {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let known =
            "known are params.NAME, stages.NAME.results.NAME, run.name, source.revision, matrix.AXIS; "
            + "write $$( for a plain $("
        func rest(_ hint: String) -> TemplateError {
            TemplateError(message: "`$(\(text.shown()))` is no reference", hint: hint)
        }
        switch parts[0] {
        case "params" where parts.count == 2 && !parts[1].isEmpty:
            return .success(.param(parts[1]))
        case "matrix" where parts.count == 2 && !parts[1].isEmpty:
            return .success(.matrix(parts[1]))
        case "params": return .failure(rest("write $(params.NAME)"))
        case "matrix": return .failure(rest("write $(matrix.AXIS)"))
        // A result's name may hold dots, and a combination's stage id does (`test.3`).
        case "stages":
            guard let place = parts.dropFirst(2).firstIndex(of: "results"), place + 1 < parts.count,
                parts[1...].allSatisfy({ !$0.isEmpty })
            else { return .failure(rest("write $(stages.NAME.results.NAME)")) }
            return .success(
                .result(
                    stage: parts[1..<place].joined(separator: "."),
                    name: parts[(place + 1)...].joined(separator: ".")))
        case "run":
            if parts.count == 2, let field = RunField(rawValue: parts[1]) { return .success(.run(field)) }
            return .failure(rest("known are \(RunField.allCases.map { "run.\($0.rawValue)" }.joined(separator: ", "))"))
        case "source":
            if parts.count == 2, let field = SourceField(rawValue: parts[1]) { return .success(.source(field)) }
            return .failure(
                rest("known are \(SourceField.allCases.map { "source.\($0.rawValue)" }.joined(separator: ", "))"))
        default:
            let near = Suggestion.nearest(to: parts[0], among: ["params", "stages", "run", "source", "matrix"])
            return .failure(rest(near.map { "did you mean `\($0)`?" } ?? known))
        }
    }
}

/// Why a text with references can't be read.
package struct TemplateError: Error, Equatable, Sendable {
    package var message: String
    package var hint: String?

    package init(message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// A reference that has no value: `$(stages.build.results.image)` where `build` gave no `image`.
package struct UnresolvedReference: Error, Equatable, Sendable {
    package var reference: Reference

    package init(_ reference: Reference) {
        self.reference = reference
    }
}

/// A text that may hold references; `$$(` stands for `$(`.
package struct Template: Equatable, Sendable {
    package enum Part: Equatable, Sendable {
        case literal(String)
        case reference(Reference)
    }

    package private(set) var parts: [Part] = []

    /// The references, in order, as often as they are there.
    package var references: [Reference] {
        parts.compactMap { if case .reference(let reference) = $0 { reference } else { nil } }
    }

    /// Reads a text; most have no reference and cost one scan.
    package static func parse(_ text: String) -> Result<Template, TemplateError> {
        var template = Template()
        let bytes = text.utf8
        guard bytes.contains(UInt8(ascii: "$")) else {
            if !text.isEmpty { template.parts = [.literal(text)] }
            return .success(template)
        }
        var literal = ""
        // By bytes, since a combining mark would make one character of itself and the `)` before it.
        var rest = text[...]
        while let dollar = rest.utf8.firstIndex(of: UInt8(ascii: "$")) {
            literal += rest[..<dollar]
            rest = rest[dollar...]
            if rest.utf8.starts(with: "$$(".utf8) {
                literal += "$("
                rest = rest[bytes.index(dollar, offsetBy: 3)...]
            } else if rest.utf8.starts(with: "$(".utf8) {
                guard let end = rest.utf8.firstIndex(of: UInt8(ascii: ")")) else {
                    return .failure(
                        TemplateError(
                            message: "`\(rest.shown(20))` has no closing `)`", hint: "write $$( for a plain $("))
                }
                switch Reference.parse(String(rest[bytes.index(dollar, offsetBy: 2)..<end])) {
                case .failure(let error): return .failure(error)
                case .success(let reference):
                    if !literal.isEmpty { template.parts.append(.literal(literal)) }
                    literal = ""
                    template.parts.append(.reference(reference))
                }
                rest = rest[bytes.index(after: end)...]
            } else {
                literal += "$"
                rest = rest[bytes.index(after: dollar)...]
            }
        }
        literal += rest
        if !literal.isEmpty { template.parts.append(.literal(literal)) }
        return .success(template)
    }

    /// The text with every reference replaced by its value.
    package func resolved(by lookup: (Reference) -> String?) throws(UnresolvedReference) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .reference(let reference):
                guard let value = lookup(reference) else { throw UnresolvedReference(reference) }
                text += value
            }
        }
        return text
    }
}
