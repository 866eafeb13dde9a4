internal import ArgumentParser
internal import Assembly
internal import Glibc
internal import YAML

/// A group of flags that are settings: each may be a variable or a line of `.env` instead.
protocol SettingFlags: ParsableArguments {
    /// The flags with what was given on the command line; nothing for one that wasn't.
    var given: [(name: String, texts: [String])] { get }
}

extension SettingFlags {
    /// What holds, these flags before variables before `.env`.
    ///
    /// - Throws: `CommandFailure` with a line for each problem.
    func resolve(and others: any SettingFlags...) throws -> SettingValues {
        try SettingValues.resolved(flags: others.reduce(given) { $0 + $1.given })
    }
}

extension SettingValues {
    static func resolved(flags: [(name: String, texts: [String])]) throws -> SettingValues {
        let values = try SettingValues.current(flags: flags)
        guard values.problems.isEmpty else {
            throw CommandFailure(values.problems, code: CommandFailure.badInput)
        }
        return values
    }

    /// What holds in this process and folder, with what is wrong with it.
    static func current(flags: [(name: String, texts: [String])]) throws -> SettingValues {
        let file = ".env"
        var text: String?
        if access(file, F_OK) == 0 {
            do throws(YAMLFileError) {
                text = String(decoding: try YAML.read(path: file), as: UTF8.self)
            } catch {
                throw CommandFailure(error.description, code: CommandFailure.badInput)
            }
        }
        // A variable that is set to nothing is what a shell or a container makes of one that isn't set.
        return SettingValues(
            flags: flags, environment: { name in Console.variable(name).flatMap { $0.isEmpty ? nil : $0 } },
            variables: Array(ProcessVariables.all.keys),
            dotEnv: text.map { (file, $0) })
    }
}

extension Setting {
    var argumentHelp: ArgumentHelp {
        let fallback = fallback.map { $0.isEmpty ? "" : " (default: \($0))" } ?? ""
        return ArgumentHelp(stringLiteral: help + fallback).with(valueName: placeholder)
    }

    var completion: CompletionKind {
        switch shape {
        case .choice(let words): .list(words)
        case .text where placeholder == "DIR": .directory
        case .text where placeholder == "FILE": .file()
        case .files: .file()
        case .text, .number, .flag, .list: .default
        }
    }

    func given(_ text: String?) -> (name: String, texts: [String]) { (name, text.map { [$0] } ?? []) }
    func given(_ texts: [String]) -> (name: String, texts: [String]) { (name, texts) }
    func given(_ isOn: Bool?) -> (name: String, texts: [String]) { given(isOn.map { $0 ? "true" : "false" }) }
}

extension ArgumentHelp {
    fileprivate func with(valueName: String) -> ArgumentHelp {
        var help = self
        help.valueName = valueName
        return help
    }
}

/// `--state`.
struct StateOption: SettingFlags {
    @Option(help: Settings.state.argumentHelp, completion: Settings.state.completion)
    var state: String?

    var given: [(name: String, texts: [String])] { [Settings.state.given(state)] }
}

/// `--output`.
struct OutputOption: SettingFlags {
    @Option(name: [.short, .long], help: Settings.output.argumentHelp, completion: Settings.output.completion)
    var output: String?

    @Flag(help: "The same as --output json.")
    var json = false

    var given: [(name: String, texts: [String])] { [Settings.output.given(json ? "json" : output)] }
}

extension SettingValues {
    var wantsJSON: Bool { text(Settings.output) == "json" }
    var statePath: String { text(Settings.state) ?? ".martlet" }
}
