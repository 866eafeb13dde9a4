/// How a piece of text looks where colours are on; nothing where they are off.
package enum Ink: Sendable, Equatable {
    case plain
    case bold
    case dim
    case red
    case green
    case yellow
    case cyan

    /// The parameters of the sequence that sets it.
    var sequence: String? {
        switch self {
        case .plain: nil
        case .bold: "1"
        case .dim: "2"
        case .red: "31"
        case .green: "32"
        case .yellow: "33"
        case .cyan: "36"
        }
    }
}

/// Decides whether colours are on.
package enum ColourChoice {
    /// By the customs of terminals: `NO_COLOR` (no-color.org) and `TERM=dumb` turn colours off, `CLICOLOR_FORCE` turns
    /// them on where there is no terminal.
    package static func isOn(isTerminal: Bool, environment: (String) -> String?) -> Bool {
        if let refused = environment("NO_COLOR"), !refused.isEmpty { return false }
        if let forced = environment("CLICOLOR_FORCE"), !forced.isEmpty, forced != "0" { return true }
        return isTerminal && canMove(environment: environment)
    }

    /// Whether the terminal knows how to move its cursor at all.
    package static func canMove(environment: (String) -> String?) -> Bool {
        guard let terminal = environment("TERM") else { return false }
        return !terminal.isEmpty && terminal != "dumb"
    }
}
