package import Model

/// Why a command could not be carried out; trying again can't help until the user changes something.
package struct VerbError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Equatable, Sendable {
        case unknownRun
        case unknownPipeline
        case unknownStage
        /// The run has ended.
        case finished
        /// The run is being cancelled, which can't be taken back.
        case cancelled
        /// There is nothing to run again.
        case nothingToRerun
        /// The approval has been decided otherwise.
        case decided
        /// The name is taken.
        case exists
        /// What was asked for makes no sense.
        case invalid
    }

    package var kind: Kind
    /// The field of the run that is wrong, where it is one.
    package var path: FieldPath?
    /// What is wrong, without a full stop.
    package var message: String
    package var hint: String?

    package init(_ kind: Kind, at path: FieldPath? = nil, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.path = path
        self.message = message
        self.hint = hint
    }

    package var description: String {
        (path.map { "\($0): " } ?? "") + message + (hint.map { " (\($0))" } ?? "")
    }
}
