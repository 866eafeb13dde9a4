internal import Document

/// What one line of a watch says.
enum WatchEvent: Equatable, Sendable {
    case put(Node, version: String)
    case deleted(Node, version: String)
    /// Nothing has changed; the watch has come that far.
    case bookmark(version: String)
    case error(APIStatus)

    /// - Throws: A sentence on why it can't be understood.
    static func reading(_ line: [UInt8]) throws(WatchProblem) -> WatchEvent {
        let node: Node
        do {
            node = try parseJSON(line)
        } catch {
            throw WatchProblem("a line of the watch is no JSON: \(error.problem)")
        }
        guard let type = node["type"]?.string, let object = node["object"] else {
            throw WatchProblem("a line of the watch has no `type` or no `object`")
        }
        if type == "ERROR" {
            guard let status = APIStatus(object) else { throw WatchProblem("an error of the watch is no Status") }
            return .error(status)
        }
        guard let version = object["metadata"]?["resourceVersion"]?.string, !version.isEmpty else {
            throw WatchProblem("an object of the watch has no resourceVersion")
        }
        switch type {
        case "ADDED", "MODIFIED": return .put(object, version: version)
        case "DELETED": return .deleted(object, version: version)
        // Kinds of events that come with later servers have an object too, and a version to go on from.
        default: return .bookmark(version: version)
        }
    }
}

/// One page of a list.
struct ListAnswer: Sendable {
    var items: [Node]
    var version: String
    /// Where the next page begins; nil on the last.
    var next: String?

    static func reading(_ body: [UInt8]) throws(WatchProblem) -> ListAnswer {
        let node: Node
        do {
            node = try parseJSON(body)
        } catch {
            throw WatchProblem("the list is no JSON: \(error.problem)")
        }
        guard let version = node["metadata"]?["resourceVersion"]?.string, !version.isEmpty else {
            throw WatchProblem("the list has no resourceVersion")
        }
        let next = node["metadata"]?["continue"]?.string ?? ""
        return ListAnswer(items: node["items"]?.array ?? [], version: version, next: next.isEmpty ? nil : next)
    }
}

/// Why an answer can't be understood; the message is the end of a sentence.
struct WatchProblem: Error, Equatable {
    var message: String

    init(_ message: String) {
        self.message = message
    }
}
