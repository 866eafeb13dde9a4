internal import ArgumentParser
internal import Document
internal import Presentation

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Prints every setting with its value and where that comes from; secrets are hidden.",
        discussion: """
            A setting is a flag of the commands that know it, a variable, or a line of the file .env in this folder, in \
            this order.
            """)

    @OptionGroup var output: OutputOption

    func run() throws {
        let settings = try SettingValues.current(flags: output.given)
        let console = Console.standard
        if settings.wantsJSON {
            console.write(Self.json(settings))
        } else {
            console.write(Self.table(settings).lines(width: console.width))
        }
        let problems = settings.problems.isEmpty ? Self.contradictions(settings) : settings.problems
        if !problems.isEmpty { throw CommandFailure(problems, code: CommandFailure.badInput) }
    }

    /// What a controller that is started with these settings would refuse.
    private static func contradictions(_ settings: SettingValues) -> [String] {
        let readings: [() throws -> Void] = [
            settings.requireOneHome, { _ = try settings.kafka() }, { _ = try settings.web() },
            { _ = try settings.reporting() },
        ]
        return readings.flatMap { read -> [String] in
            do {
                try read()
                return []
            } catch {
                return CommandFailure(error)?.lines ?? ["\(error)"]
            }
        }
    }

    static func table(_ settings: SettingValues) -> Table {
        var table = Table([
            Table.Column("SETTING"), Table.Column("VARIABLE"), Table.Column("VALUE", overflow: .wrap(8)),
            Table.Column("FROM"),
        ])
        for setting in Settings.table {
            let value = settings.value(setting)
            let isChosen = value.origin != .fallback && value.origin != .unset
            table.rows.append([
                Line(setting.hasFlag ? "--\(setting.name)" : "-"), Line(setting.variable, .dim),
                Line(shown(setting, value).joined(separator: ", "), isChosen ? .bold : .plain),
                Line(value.origin.text, isChosen ? .plain : .dim),
            ])
        }
        return table
    }

    private static func json(_ settings: SettingValues) -> String {
        let items = Settings.table.map { setting in
            let value = settings.value(setting)
            func member(_ key: String, _ text: String) -> Node.Member {
                Node.Member(key: key, value: Node(.string(text)))
            }
            return Node(
                .object([
                    member("name", setting.name), member("variable", setting.variable),
                    Node.Member(key: "values", value: Node(.array(shown(setting, value).map { Node(.string($0)) }))),
                    member("from", value.origin.text),
                ]))
        }
        return Node(.array(items)).prettyJSON() + "\n"
    }

    /// The values, without what mustn't be seen; of a secret `KEY=VALUE` the key may be.
    private static func shown(_ setting: Setting, _ value: SettingValues.Value) -> [String] {
        guard setting.isSecret else { return value.texts }
        return value.texts.map { text in
            text.firstIndex(of: "=").map { text[...$0] + "***" } ?? "***"
        }
    }
}
