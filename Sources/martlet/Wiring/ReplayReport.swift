internal import Controller
internal import Document
internal import Model
internal import Presentation

/// What a journal's replay has shown.
struct ReplayReport {
    private let file: String
    private let differenceLimit: Int
    private var replay = JournalReplay()
    private var line = 0
    private(set) var steps = 0
    private var starts = 0
    private var decisions = 0
    private var versions: [String] = []
    private var differences: [(line: Int, difference: JournalDifference)] = []
    private var notes: [String] = []
    /// A line that can't be read is one that a kill tore, if a new start or nothing follows it.
    private var unread: (line: Int, error: JournalError)?

    init(file: String, differenceLimit: Int) {
        self.file = file
        self.differenceLimit = differenceLimit
    }

    /// Whether it began as a journal does.
    var isJournal: Bool { starts > 0 }
    var isSame: Bool { differences.isEmpty }
    var isGivenUp: Bool { differences.count >= differenceLimit }

    /// - Throws: `CommandFailure` for what is no journal.
    mutating func take(_ bytes: [UInt8]) throws {
        line += 1
        guard !bytes.isEmpty else { return }
        let finding: JournalReplay.Finding
        do {
            finding = try replay.take(bytes)
        } catch {
            guard case .malformed = error, unread == nil, starts > 0 else { throw failure(unread ?? (line, error)) }
            unread = (line, error)
            return
        }
        if case .began = finding {} else if let unread { throw failure(unread) }
        noteTorn()
        switch finding {
        case .began(let header):
            starts += 1
            if !versions.contains(header.version) { versions.append(header.version) }
        case .same(let count):
            steps += 1
            decisions += count
        case .cut(let reason): notes.append("line \(line): the recording ended early: \(reason)")
        case .different(let difference):
            steps += 1
            differences.append((line, difference))
        }
    }

    private func failure(_ place: (line: Int, error: JournalError)) -> CommandFailure {
        CommandFailure("\(file):\(place.line): error: \(place.error)", code: CommandFailure.badInput)
    }

    private mutating func noteTorn() {
        guard let torn = unread else { return }
        unread = nil
        notes.append("line \(torn.line) is incomplete: the process that wrote it was killed")
    }

    mutating func finish() {
        noteTorn()
    }

    // MARK: Saying

    var lines: [Line] {
        var lines = notes.map { Line("note: \($0)") }
        for (number, difference) in differences {
            lines.append(
                Line("✗ ", .red)
                    + Line("\(file):\(number): at \(difference.at.wall) \(difference.path) differs"))
            lines.append(Line("  recorded: \(Self.short(difference.recorded))"))
            lines.append(Line("  derived:  \(Self.short(difference.derived))"))
        }
        let other = versions.filter { $0 != Martlet.version }
        if !isSame, !other.isEmpty {
            lines.append(
                Line("  recorded by martlet \(other.joined(separator: ", ")); this is \(Martlet.version)"))
        }
        if isSame {
            lines.append(
                Line("✓ ", .green)
                    + Line(
                        "\(steps) steps of \(Self.count(starts, "start")): \(decisions) decisions, all derived again"))
        }
        return lines
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// A whole status may be on a side; its beginning is enough to find it in the journal.
    private static func short(_ json: String?) -> String {
        guard let json else { return "nothing" }
        return json.utf8.count <= 400 ? json : "\(json.prefix(400)) …"
    }

    var json: String {
        func text(_ text: String?) -> Node { text.map { Node(.string($0)) } ?? Node(.null) }
        func number(_ number: Int) -> Node { Node(.int(Int64(number))) }
        let differences = differences.map { entry in
            Node(
                .object([
                    .init(key: "line", value: number(entry.line)),
                    .init(key: "time", value: text(entry.difference.at.wall.description)),
                    .init(key: "path", value: text(entry.difference.path)),
                    .init(key: "recorded", value: text(entry.difference.recorded)),
                    .init(key: "derived", value: text(entry.difference.derived)),
                ]))
        }
        return Node(
            .object([
                .init(key: "steps", value: number(steps)),
                .init(key: "starts", value: number(starts)),
                .init(key: "decisions", value: number(decisions)),
                .init(key: "versions", value: Node(.array(versions.map { text($0) }))),
                .init(key: "notes", value: Node(.array(notes.map { text($0) }))),
                .init(key: "differences", value: Node(.array(differences))),
            ])
        ).prettyJSON() + "\n"
    }
}
