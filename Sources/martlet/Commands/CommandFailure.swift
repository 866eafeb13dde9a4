internal import ArgumentParser
internal import Glibc
internal import Presentation
internal import Stores

/// Why a command could not do what it was asked, with the code that the process ends with.
struct CommandFailure: Error, Equatable {
    /// Something failed, or isn't there.
    static let failed: Int32 = 1
    /// What was asked can't be understood.
    static let badInput: Int32 = 2

    /// What is said of it on standard error; nothing where all has been said already.
    var lines: [String]
    var code: Int32

    init(_ lines: [String], code: Int32 = failed) {
        self.lines = lines
        self.code = code
    }

    init(_ line: String, code: Int32 = failed) {
        self.init([line], code: code)
    }

    /// Says what an error means and returns the code to end with.
    static func report(_ error: any Error, as command: any ParsableCommand.Type) -> Int32 {
        if let failure = CommandFailure(error) {
            for line in failure.lines { Console.error("martlet: \(line)") }
            return failure.code
        }
        let text = command.fullMessage(for: error)
        // Help and versions that were asked for come as errors too.
        guard command.exitCode(for: error) != .success else {
            if !text.isEmpty { Console.standard.write(text + "\n") }
            return 0
        }
        if !text.isEmpty { Console.error(text) }
        let code = command.exitCode(for: error)
        return code == .validationFailure ? badInput : code.rawValue
    }

    /// What an error of ours means on the command line; nil for one of the parser's.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as VerbError: self.init(error.description)
        case let error as StateError where error.kind == .notFound:
            self.init(
                "\(error.path): no state here yet; run something with `martlet run PATH`, or name its folder with --state")
        case let error as StateError: self.init(error.description)
        default: return nil
        }
    }
}
