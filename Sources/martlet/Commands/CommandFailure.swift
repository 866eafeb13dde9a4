internal import ArgumentParser
internal import Assembly
internal import Glibc
internal import Logging
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

    /// Has a log that programs read say it; what has been said isn't said again.
    func said(by logger: Logger, asJSON: Bool) -> CommandFailure {
        guard asJSON else { return self }
        for line in lines { logger.error("\(line)") }
        return CommandFailure([], code: code)
    }

    /// Says what an error means and returns the code to end with.
    static func report(_ error: any Error, in command: any ParsableCommand.Type) -> Int32 {
        let code = code(of: error, in: command)
        if let failure = CommandFailure(error) {
            for line in failure.lines { Console.error("martlet: \(line)") }
            return code
        }
        let text = command.fullMessage(for: error)
        guard !text.isEmpty else { return code }
        // Help and versions that were asked for come as errors too.
        if code == 0 { Console.standard.write(text + "\n") } else { Console.error(text) }
        return code
    }

    static func code(of error: any Error, in command: any ParsableCommand.Type) -> Int32 {
        if let failure = CommandFailure(error) { return failure.code }
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
                "\(error.path): no state here yet; run something with `martlet run PATH`, or name its folder with --state"
            )
        case let error as JournalFileError: self.init(error.description, code: Self.badInput)
        case let error as StateError: self.init(error.description)
        default: return nil
        }
    }
}
