/// Makes text of unknown origin harmless to a terminal.
///
/// What scripts print is not trusted: an escape sequence could move the cursor, hide what follows, set the window's
/// title or make the terminal type. Sequences are taken out whole, also those of 8-bit controls and those that are cut
/// off; so are control characters and the invisible ones that turn the direction of reading.
struct TerminalText {
    /// Whether sequences that only set colours stay.
    private let keepsColours: Bool
    private let tab: String

    private enum State {
        case text
        case escape
        /// Within `ESC (` and the like, up to the final byte.
        case intermediate
        /// Within `ESC [`; what has come so far.
        case control(String)
        /// Within a string such as a window's title, up to its terminator.
        case string
        case stringEscape
    }

    private var state = State.text
    private var output = ""
    private var marks = 0
    private var isColoured = false

    init(keepsColours: Bool = false, tab: String = " ") {
        self.keepsColours = keepsColours
        self.tab = tab
    }

    /// A line without anything that a terminal would act on; line breaks become spaces.
    mutating func clean(_ line: some StringProtocol) -> String {
        state = .text
        output = ""
        isColoured = false
        for scalar in line.unicodeScalars { take(scalar) }
        if isColoured { output += "\u{1B}[0m" }
        return output
    }

    private mutating func take(_ scalar: Unicode.Scalar) {
        switch state {
        case .text: takeText(scalar)
        case .escape:
            switch scalar {
            case "[": state = .control("")
            case "]", "P", "X", "^", "_": state = .string
            case "\u{20}"..."\u{2F}": state = .intermediate
            case "\u{1B}": break
            default: state = .text
            }
        case .intermediate:
            if !("\u{20}"..."\u{2F}").contains(scalar) { state = .text }
        case .control(let parameters):
            switch scalar {
            case "\u{40}"..."\u{7E}":
                state = .text
                if keepsColours, scalar == "m", parameters.unicodeScalars.allSatisfy(Self.isColourParameter) {
                    output += "\u{1B}[\(parameters)m"
                    isColoured = true
                }
            case "\u{20}"..."\u{3F}":
                // No real sequence is long; what comes behind one that is goes on being left out.
                state = .control(parameters.utf8.count < 64 ? parameters + String(scalar) : "?")
            case "\u{1B}": state = .escape
            default:
                state = .text
                takeText(scalar)
            }
        case .string:
            switch scalar {
            case "\u{7}", "\u{9C}": state = .text
            case "\u{1B}": state = .stringEscape
            default: break
            }
        case .stringEscape:
            state = scalar == "\\" ? .text : scalar == "\u{1B}" ? .stringEscape : .string
        }
    }

    private mutating func takeText(_ scalar: Unicode.Scalar) {
        switch scalar {
        case " "..."~":
            marks = 0
            output.unicodeScalars.append(scalar)
        case "\t":
            marks = 0
            output += tab
        case "\n", "\r", "\u{B}", "\u{C}", "\u{85}": output += " "
        case "\u{1B}": state = .escape
        case "\u{9B}": state = .control("")
        case "\u{90}", "\u{98}", "\u{9D}", "\u{9E}", "\u{9F}": state = .string
        default: takeOther(scalar)
        }
    }

    private mutating func takeOther(_ scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .control, .surrogate: break
        case .lineSeparator, .paragraphSeparator: output += " "
        case .format:
            // Emoji and some scripts are put together with these two.
            if scalar == "\u{200C}" || scalar == "\u{200D}" { output.unicodeScalars.append(scalar) }
        case .nonspacingMark, .enclosingMark:
            // Piled up, marks reach into the lines above and below.
            marks += 1
            if marks <= 8 { output.unicodeScalars.append(scalar) }
        default:
            marks = 0
            output.unicodeScalars.append(scalar)
        }
    }

    private static func isColourParameter(_ scalar: Unicode.Scalar) -> Bool {
        ("0"..."9").contains(scalar) || scalar == ";" || scalar == ":"
    }
}

extension StringProtocol {
    /// The text on one line, without anything that a terminal would act on.
    package var terminalSafe: String {
        if utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return String(self) }
        var text = TerminalText()
        return text.clean(self)
    }

    /// Lines of a script's output as they may be printed.
    ///
    /// Of a line that was written over with carriage returns (a progress bar) the last state stays. Tabs stay, and
    /// where `colour` is on also the sequences that only set colours; every line ends with the colours reset.
    package func terminalSafeLines(colour: Bool) -> String {
        var text = TerminalText(keepsColours: colour, tab: "\t")
        var output = ""
        var rest = Substring(self).unicodeScalars[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: "\n") ?? rest.endIndex
            output += text.clean(Substring(rest[..<end]).lastOverwritten)
            guard end != rest.endIndex else { break }
            output += "\n"
            rest = rest[rest.index(after: end)...]
        }
        return output
    }
}

extension Substring {
    /// What a line shows in the end when carriage returns have begun it anew.
    fileprivate var lastOverwritten: Substring {
        let parts = unicodeScalars.split(separator: "\r")
        return parts.last.map { Substring($0) } ?? ""
    }
}
