internal import AgentProtocol
internal import Document
internal import Model
internal import Presentation
internal import Stores

/// Turns pieces of output into lines, each with its stage's title where there is more than one stage.
struct LogPrinter {
    private let titles: [String: String]
    private let width: Int
    private let json: Bool
    private let prefixes: Bool
    private let colour: Bool
    /// The attempt that was printed last of each stage; looked up only.
    private var attempts: [String: Int] = [:]

    init(_ view: RunView, json: Bool, prefixes: Bool, colour: Bool) {
        titles = Dictionary(view.stages.map { ($0.id, $0.title) }, uniquingKeysWith: { first, _ in first })
        width = min(32, view.stages.map { $0.title.columns }.max() ?? 0)
        self.json = json
        self.prefixes = prefixes
        self.colour = colour
    }

    mutating func text(of entry: LogEntry) -> String {
        if json { return Self.json(entry) }
        let stage = entry.fence.stage
        let prefix = prefixes ? prefix(titles[stage] ?? stage) : ""
        func remark(_ text: String) -> String { prefix + Line(text, .dim).rendered(colour: colour) + "\n" }
        var output = ""
        if attempts.updateValue(entry.fence.attempt, forKey: stage).map({ $0 != entry.fence.attempt }) ?? false {
            output += remark("— attempt \(entry.fence.attempt) —")
        }
        let dropped = entry.chunk.dropped
        if dropped > 0 { output += remark("… \(dropped) \(dropped == 1 ? "line" : "lines") left out …") }
        var lines = entry.chunk.text.terminalSafeLines(colour: colour)
        guard !lines.isEmpty else { return output }
        if !lines.hasSuffix("\n") { lines += "\n" }
        guard prefixes else { return output + lines }
        for line in lines.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            output += prefix + line + "\n"
        }
        return output
    }

    private func prefix(_ title: String) -> String {
        (Line(title, .cyan).truncated(to: width).padded(to: width) + Line(" │ ", .dim)).rendered(colour: colour)
    }

    /// A chunk on one line.
    private static func json(_ entry: LogEntry) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.member("stage", entry.fence.stage)
        json.member("attempt", entry.fence.attempt)
        json.member("time", entry.chunk.time?.description)
        json.member("dropped", entry.chunk.dropped > 0 ? entry.chunk.dropped : nil)
        json.member("text", entry.chunk.text)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self) + "\n"
    }
}
