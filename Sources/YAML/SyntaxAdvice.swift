import Document

extension YAMLSyntaxError {
    /// libyaml's message in plain words, with what usually leads to it.
    func explained(in bytes: UnsafeBufferPointer<UInt8>) -> YAMLProblem {
        if let offset { return wrongCharacter(at: offset, in: bytes) }
        let mark = mark ?? .start
        let line = SourceText.line(mark.line, in: bytes)
        if line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") {
            let column = line.prefix { $0 == " " }.count + 1
            // A block of text may hold tabs, but not where its indentation is still to be found out.
            let inText = context == "while scanning a block scalar" && column > 1
            return YAMLProblem(
                Mark(line: mark.line, column: column), "this line is indented with a tab",
                hint: "YAML forbids tabs for indentation: use spaces"
                    + (inText ? ", or say after the | how many there are (|2) if the text begins with a tab" : ""))
        }
        let advice = advice(at: line.unicodeScalars.dropFirst(mark.column - 1).first)
        return YAMLProblem(advice.mark ?? mark, advice.message, hint: advice.hint)
    }

    private func wrongCharacter(at offset: Int, in bytes: UnsafeBufferPointer<UInt8>) -> YAMLProblem {
        let mark = SourceText.mark(of: offset, in: bytes)
        guard problem.hasPrefix("control characters"), offset < bytes.count else { return YAMLProblem(mark, problem) }
        if bytes[offset] == 0 {
            return YAMLProblem(
                mark, "there is a zero byte here, so this is no text in UTF-8", hint: "save the file as UTF-8")
        }
        return YAMLProblem(
            mark, "there is a control character here, which YAML doesn't allow",
            hint: "write it as an escape in double quotes, such as \"\\u001b\"")
    }

    private typealias Advice = (message: String, hint: String?, mark: Mark?)

    private func advice(at character: Unicode.Scalar?) -> Advice {
        let opened = contextMark.map { " in line \($0.line)" } ?? ""
        switch problem {
        case "found character that cannot start any token":
            let name = character.map { "'\($0)'" } ?? "this character"
            return ("a value can't begin with \(name)", "put the value in quotes", nil)
        case "mapping values are not allowed in this context":
            return (
                "there is a colon where no key can be",
                "put a value that holds \": \" in quotes, and check the indentation", nil
            )
        case "could not find expected ':'":
            return (
                "this is not a key, since no colon follows it",
                "write \"key: value\", or indent what continues a value", contextMark
            )
        case "did not find expected key" where character == ":":
            return ("there is no key before this colon", nil, nil)
        case "did not find expected key", "did not find expected '-' indicator":
            return (
                "this belongs neither to the block that began\(opened) nor to one around it",
                "check its indentation, and for a quote or bracket in the lines before", nil
            )
        case "did not find expected ',' or ']'":
            return ("a comma or ] should come here, for the [\(opened)", nil, nil)
        case "did not find expected ',' or '}'":
            return ("a comma or } should come here, for the {\(opened)", nil, nil)
        case "found unexpected end of stream":
            return ("the quotation mark here is never closed", nil, contextMark)
        case "found unexpected document indicator":
            return ("the quotation mark here isn't closed before the document ends", nil, contextMark)
        case "found unknown escape character":
            return (
                "there is no such escape in double quotes",
                "write \\\\ for a backslash, or use single quotes, where it stands for itself", nil
            )
        case "found invalid Unicode character escape code":
            return (
                "this escape stands for no character", "write characters beyond \\uFFFF as \\U and eight digits", nil
            )
        case "found undefined tag handle":
            return ("this tag's prefix is not defined", "put a value that begins with ! in quotes", nil)
        case "block sequence entries are not allowed in this context":
            return (
                "a list can't begin here",
                "begin it on a line of its own, or put a value that begins with - in quotes", nil
            )
        case "did not find expected alphabetic or numeric character":
            return (
                "a name should follow here, \(context ?? "while scanning an anchor or alias")",
                "put a value that begins with * or & in quotes", nil
            )
        case "did not find expected <document start>":
            return ("the document has ended, and --- should come before the next", "check the indentation", nil)
        default:
            return (context.map { "\(problem), \($0)\(opened)" } ?? problem, nil, nil)
        }
    }
}
