internal import Document
internal import Glibc
internal import Model

/// What holds: every setting with its value and where it came from.
struct SettingValues {
    enum Origin: Equatable {
        case flag
        case variable
        case dotEnv(file: String, line: Int)
        case fallback
        case unset

        var text: String {
            switch self {
            case .flag: "flag"
            case .variable: "environment"
            case .dotEnv(let file, let line): "\(file):\(line)"
            case .fallback: "default"
            case .unset: "not set"
            }
        }
    }

    struct Value: Equatable {
        var texts: [String]
        var origin: Origin
    }

    private var values: [String: Value] = [:]
    private(set) var problems: [String] = []

    /// - Parameters:
    ///   - flags: by setting name; absent where the flag was not given.
    ///   - environment: looks up a variable.
    ///   - variables: the names of all there are, to find slips of the hand among them.
    ///   - dotEnv: the file's name and text, if there is one.
    init(
        flags: [(name: String, texts: [String])], environment: (String) -> String?, variables: [String] = [],
        dotEnv: (file: String, text: String)?
    ) {
        let file = dotEnv.map { (name: $0.file, content: DotEnv($0.text)) }
        if let file {
            problems += file.content.problems.map { $0.line(file: file.name) }
            let known = Settings.table.map(\.variable)
            for line in file.content.lines
            where !known.contains(line.name) && !line.name.hasPrefix(Self.secretPrefix)
                && Self.kafkaProperty(of: line.name) == nil
            {
                let near = Suggestion.nearest(to: line.name, among: known)
                problems.append(
                    Problem(
                        "unknown setting \(line.name)", mark: Mark(line: line.number, column: 1),
                        hint: near.map { "did you mean \($0)?" } ?? "`martlet config` lists them"
                    ).line(file: file.name))
            }
        }
        problems += Self.slips(among: variables)
        let properties = Self.kafkaProperties(environment: environment, variables: variables, file: file)
        for setting in Settings.table {
            var value: Value
            if let given = flags.first(where: { $0.name == setting.name }), !given.texts.isEmpty {
                value = Value(texts: given.texts, origin: .flag)
            } else if let text = environment(setting.variable) {
                value = Value(texts: Self.split(text, setting), origin: .variable)
            } else if let file, let line = file.content.lines.last(where: { $0.name == setting.variable }),
                !line.value.isEmpty
            {
                value = Value(
                    texts: Self.split(line.value, setting), origin: .dotEnv(file: file.name, line: line.number))
            } else if let fallback = setting.fallback {
                value = Value(texts: [fallback], origin: .fallback)
            } else {
                value = Value(texts: [], origin: .unset)
            }
            if setting.name == Settings.kafkaProperty.name, let properties {
                // Of two for one property the last counts: what names it alone, unless a flag does.
                value.texts = value.origin == .flag ? properties.texts + value.texts : value.texts + properties.texts
                if value.origin == .unset { value.origin = properties.origin }
            }
            values[setting.name] = value
            check(setting, value)
        }
    }

    /// Secrets for in-process agents have variables of their own, which are no settings.
    static let secretPrefix = "MARTLET_SECRET_"

    /// `sasl.password` for `MARTLET_KAFKA_PROPERTY_SASL_PASSWORD`; nil for other names. None of librdkafka's properties
    /// that a text can set has a `_` in its name.
    private static func kafkaProperty(of variable: String) -> String? {
        let prefix = Settings.kafkaProperty.variable + "_"
        guard variable.hasPrefix(prefix), variable.utf8.count > prefix.utf8.count else { return nil }
        return String(variable.dropFirst(prefix.count).lowercased().map { $0 == "_" ? "." : $0 })
    }

    /// Properties that have a variable each, whose values may hold commas and line feeds: a Secret's can't be put into a
    /// list. Those of the environment come after those of the file.
    private static func kafkaProperties(
        environment: (String) -> String?, variables: [String], file: (name: String, content: DotEnv)?
    ) -> Value? {
        var texts: [String] = []
        var origin = Origin.unset
        if let file {
            for line in file.content.lines {
                guard let property = kafkaProperty(of: line.name), !line.value.isEmpty else { continue }
                texts.append("\(property)=\(line.value)")
                origin = .dotEnv(file: file.name, line: line.number)
            }
        }
        for variable in variables.sorted() {
            guard let property = kafkaProperty(of: variable), let text = environment(variable) else { continue }
            texts.append("\(property)=\(text)")
            origin = .variable
        }
        return texts.isEmpty ? nil : Value(texts: texts, origin: origin)
    }

    /// Variables that nearly name a setting. Others that begin alike are none of ours: a cluster makes
    /// `MARTLET_SERVICE_HOST` of a service's name, and a stage's own (`MARTLET_STAGE`) come with a fence.
    private static func slips(among variables: [String]) -> [String] {
        guard !variables.contains("MARTLET_FENCE") else { return [] }
        let prefix = "MARTLET_"
        // What all have in common would make everything that is short look alike.
        let known = Settings.table.map { String($0.variable.dropFirst(prefix.count)) }
        return variables.sorted().compactMap { name in
            let word = String(name.dropFirst(prefix.count))
            guard name.hasPrefix(prefix), !name.hasPrefix(secretPrefix), kafkaProperty(of: name) == nil,
                !known.contains(word),
                let near = Suggestion.nearest(to: word, among: known)
            else { return nil }
            return "unknown setting \(name) in the environment (did you mean \(prefix)\(near)?)"
        }
    }

    private static func split(_ text: String, _ setting: Setting) -> [String] {
        switch setting.shape {
        case .list, .files: text.split(separator: ",").map(String.init)
        case .text, .number, .flag, .choice: [text]
        }
    }

    private mutating func check(_ setting: Setting, _ value: Value) {
        func complain(_ text: String) {
            let name =
                switch value.origin {
                case .dotEnv(let file, let line): "\(file):\(line): \(setting.variable)"
                case .flag: "--\(setting.name)"
                case .variable, .fallback, .unset: setting.variable
                }
            problems.append("\(name): \(text)")
        }
        for text in value.texts {
            switch setting.shape {
            case .text, .files: break
            case .number(let range):
                guard let number = Int(text), range.contains(number) else {
                    complain(
                        "must be a whole number from \(range.lowerBound) to \(range.upperBound), but is \"\(text)\"")
                    continue
                }
            case .flag:
                if !["true", "false", "1", "0"].contains(text) {
                    complain("must be true or false, but is \"\(text)\"")
                }
            case .list:
                guard !text.contains("=") else { continue }
                complain(
                    "must be of the form \(setting.placeholder)"
                        + (setting.isSecret ? "; what stands between two commas is not" : ", but is \"\(text)\""))
            case .choice(let words):
                if !words.contains(text) {
                    let near = Suggestion.nearest(to: text, among: words)
                    complain(
                        "\"\(text)\" is not one of \(words.joined(separator: ", "))"
                            + (near.map { " (did you mean \($0)?)" } ?? ""))
                }
            }
        }
    }

    func value(_ setting: Setting) -> Value {
        values[setting.name] ?? Value(texts: [], origin: .unset)
    }

    /// What a setting was given by, for messages about it: its flag, its variable, or the variable's line in a file.
    func name(_ setting: Setting) -> String {
        switch value(setting).origin {
        case .dotEnv(let file, let line): "\(setting.variable) (\(file):\(line))"
        case .variable: setting.variable
        case .flag, .fallback, .unset: setting.hasFlag ? "--\(setting.name)" : setting.variable
        }
    }

    func text(_ setting: Setting) -> String? { value(setting).texts.last }
    func number(_ setting: Setting) -> Int? { text(setting).flatMap(Int.init) }
    func isOn(_ setting: Setting) -> Bool { ["true", "1"].contains(text(setting) ?? "") }

    /// The `KEY=VALUE` pairs of a list.
    func pairs(_ setting: Setting) -> [(key: String, value: String)] {
        value(setting).texts.compactMap { text in
            guard let equals = text.firstIndex(of: "=") else { return nil }
            return (String(text[..<equals]), String(text[text.index(after: equals)...]))
        }
    }
}
