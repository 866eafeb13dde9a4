import Document
import Model

/// Reads a short form and notes all that is wrong with it.
struct ShortFormReader {
    private(set) var problems: [Problem] = []
    private let document: Node
    private static let fields = ["name", "stages", "retry_on_failure", "notify_on_success", "notify_on_failure"]

    init(_ document: Node) {
        self.document = document
    }

    private mutating func report(_ message: String, _ path: FieldPath, _ mark: Mark?, hint: String? = nil) {
        problems.append(Problem(message, at: path, mark: mark ?? path.mark(in: document), hint: hint))
    }

    mutating func read() -> ShortForm? {
        let path = FieldPath(.key("pipeline"))
        reportUnknown(in: document, among: ["pipeline"], FieldPath())
        guard let pipeline = document["pipeline"], pipeline.members != nil else {
            report(
                "`pipeline` is missing", FieldPath(), document.mark, hint: "write pipeline: {stages: [lint, test]}")
            return nil
        }
        reportUnknown(in: pipeline, among: Self.fields, path)
        var form = ShortForm()
        if let name = text(pipeline["name"], path.key("name"), .dnsName) { form.name = name }
        readStages(pipeline, path, &form)
        form.retryOnFailure = flag("retry_on_failure", pipeline, path) ?? false
        form.notifyOnSuccess = flag("notify_on_success", pipeline, path) ?? false
        form.notifyOnFailure = flag("notify_on_failure", pipeline, path)
        return problems.isEmpty ? form : nil
    }

    private mutating func readStages(_ pipeline: Node, _ path: FieldPath, _ form: inout ShortForm) {
        let place = path.key("stages")
        guard let stages = pipeline["stages"] else {
            return report("`stages` is missing", path, nil, hint: "add `stages: [lint, test, build, security]`")
        }
        guard let elements = stages.array, (1...64).contains(elements.count) else {
            return report("must be a list of 1 to 64 names", place, stages.mark, hint: "write it as [lint, test]")
        }
        for (number, element) in elements.enumerated() {
            guard let name = text(element, place.index(number), .dnsLabel) else { continue }
            if form.stages.contains(name) {
                report("`\(name)` is listed twice", place.index(number), element.mark, hint: "rename one of them")
            }
            form.stages.append(name)
        }
    }

    private mutating func reportUnknown(in node: Node, among known: [String], _ path: FieldPath) {
        for member in node.members ?? [] where !known.contains(member.key) {
            let near = Suggestion.nearest(to: member.key, among: known)
            report(
                "unknown field `\(member.key.shown())`", path.key(member.key), member.keyMark,
                hint: near.map { "did you mean `\($0)`?" } ?? "known here: \(known.joined(separator: ", "))")
        }
    }

    private mutating func text(_ node: Node?, _ path: FieldPath, _ rule: TextRule) -> String? {
        guard let node, node.value != .null else { return nil }
        guard let text = node.string else {
            report("must be a name", path, node.mark, hint: node.written.map { "quote it: \"\($0.shown())\"" })
            return nil
        }
        if let complaint = rule.complaint(about: text) {
            report(complaint, path, node.mark)
            return nil
        }
        return text
    }

    private mutating func flag(_ field: String, _ pipeline: Node, _ path: FieldPath) -> Bool? {
        guard let node = pipeline[field], node.value != .null else { return nil }
        guard case .bool(let flag) = node.value else {
            report("must be true or false", path.key(field), node.mark)
            return nil
        }
        return flag
    }
}
