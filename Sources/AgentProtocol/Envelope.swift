internal import Document
package import Model

/// A message as a CloudEvent in Kafka's binary content mode: attributes as `ce_*` headers, the data as JSON value.
package struct Envelope: Equatable, Sendable {
    package static let typePrefix = "dev.martlet.agent."
    package static let typeSuffix = ".v1"
    /// A message's largest value in bytes; larger ones are refused before they are read.
    package static let valueLimit = 1_000_000

    package struct Header: Equatable, Sendable {
        package var name: String
        package var value: [UInt8]

        package init(_ name: String, _ value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// Unique together with `source`.
    package var id: String
    /// Who says it: `/controllers/…` or `/agents/…`.
    package var source: String
    /// Whose message it is; other installations' are ignored.
    package var installation: String
    package var time: Timestamp
    package var message: Message

    package init(id: String, source: String, installation: String, time: Timestamp, message: Message) {
        self.id = id
        self.source = source
        self.installation = installation
        self.time = time
        self.message = message
    }
}

/// Why a record is no message of this protocol.
package enum EnvelopeError: Error, Equatable, Sendable {
    case missingHeader(String)
    /// A type of another protocol, or one that this version doesn't know.
    case unknownType(String)
    /// A type of this protocol, in another version of it.
    case unknownVersion(String)
    case tooLarge(bytes: Int)
    /// The digest of an assignment isn't that of its work, fence and instance.
    case wrongDigest
    case invalid(String)
}

extension Envelope {
    /// Whose record it is, from its headers alone, so that other installations' cost no parsing.
    package static func installation(of headers: [Header]) -> String? {
        headers.first { $0.name == "ce_installation" }.map { String(decoding: $0.value, as: UTF8.self) }
    }

    package var headers: [Header] {
        func header(_ name: String, _ text: String) -> Header { Header(name, Array(text.utf8)) }
        return [
            header("ce_specversion", "1.0"), header("ce_id", id), header("ce_source", source),
            header("ce_type", message.type), header("ce_subject", message.subject),
            header("ce_time", time.description), header("ce_installation", installation),
            header("content-type", "application/json"),
        ]
    }

    /// The data, as JSON.
    package var value: [UInt8] {
        var json = JSONWriter(reservingCapacity: 512)
        switch message {
        case .controller(.assign(let assignment)):
            json.beginObject()
            json.key("fence")
            json.string(assignment.fence.description)
            json.key("instance")
            json.string(assignment.instance)
            json.key("digest")
            json.string(assignment.digest)
            json.key("work")
            FieldWriter.write(assignment.work, into: &json)
            json.endObject()
        case .controller(.stop(let stop)): FieldWriter.write(stop, into: &json)
        case .controller(.drain(let instance)):
            json.beginObject()
            json.key("instance")
            json.string(instance)
            json.endObject()
        case .controller(.report(let instance)):
            json.beginObject()
            if let instance {
                json.key("instance")
                json.string(instance)
            }
            json.endObject()
        case .report(let report): Self.write(report, into: &json)
        case .presence(let presence): FieldWriter.write(presence, into: &json)
        case .log(let chunk): FieldWriter.write(chunk, into: &json)
        }
        return json.bytes
    }

    private static func write(_ report: AgentReport, into json: inout JSONWriter) {
        json.beginObject()
        json.key("fence")
        json.string(report.fence.description)
        json.key("agent")
        json.string(report.agent)
        json.key("instance")
        json.string(report.instance)
        json.key("digest")
        json.string(report.digest)
        switch report.event {
        case .claimed(let time):
            json.key("time")
            json.string(time.description)
        case .declined(let reason):
            json.key("reason")
            json.string(reason)
        case .progress(let message):
            json.key("message")
            json.string(message)
        case .finished(let outcome):
            json.key("outcome")
            FieldWriter.write(outcome, into: &json)
        }
        json.endObject()
    }

    /// Reads a record. Unknown fields are left alone, so that a newer side may say more.
    package static func decode(headers: [Header], value: [UInt8]) -> Result<Envelope, EnvelopeError> {
        func text(_ name: String) -> String? {
            headers.first { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) }
        }
        guard value.count <= valueLimit else { return .failure(.tooLarge(bytes: value.count)) }
        guard let type = text("ce_type") else { return .failure(.missingHeader("ce_type")) }
        guard let id = text("ce_id") else { return .failure(.missingHeader("ce_id")) }
        guard let source = text("ce_source") else { return .failure(.missingHeader("ce_source")) }
        guard let installation = text("ce_installation") else { return .failure(.missingHeader("ce_installation")) }
        guard let time = text("ce_time").flatMap(Timestamp.init) else { return .failure(.missingHeader("ce_time")) }
        guard type.hasPrefix(typePrefix), type.hasSuffix(typeSuffix),
            type.utf8.count > typePrefix.utf8.count + typeSuffix.utf8.count
        else { return .failure(isOtherVersion(type) ? .unknownVersion(type) : .unknownType(type)) }
        let name = String(type.dropFirst(typePrefix.count).dropLast(typeSuffix.count))
        do {
            let node = try parseJSON(value)
            guard let message = try message(name, node) else { return .failure(.unknownType(type)) }
            return .success(
                Envelope(id: id, source: source, installation: installation, time: time, message: message))
        } catch let error as EnvelopeError {
            return .failure(error)
        } catch {
            return .failure(.invalid("\(error)"))
        }
    }

    /// The instance that a controller's message names, also where nothing else of it can be read; nil where none is.
    package static func instance(inValue value: [UInt8]) -> String? {
        guard value.count <= valueLimit, let node = try? parseJSON(value) else { return nil }
        return node["instance"]?.string
    }

    /// Whether a type ends in `.v` and a number.
    private static func isOtherVersion(_ type: String) -> Bool {
        guard type.hasPrefix(typePrefix), let dot = type.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
        let version = type.utf8[type.utf8.index(after: dot)...]
        return version.first == UInt8(ascii: "v") && version.count > 1
            && version.dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func message(_ name: String, _ node: Node) throws -> Message? {
        switch name {
        case "assign":
            let assignment = Assignment(
                fence: try fence(node), instance: try string("instance", node),
                work: try fields(node["work"] ?? Node(.null)))
            guard try string("digest", node) == assignment.digest else {
                throw EnvelopeError.wrongDigest
            }
            return .controller(.assign(assignment))
        case "stop":
            let stop: Stop = try fields(node)
            guard Fence(stop.fence) != nil else { throw EnvelopeError.invalid("`\(stop.fence)` is no fence") }
            return .controller(.stop(stop))
        case "drain": return .controller(.drain(instance: try string("instance", node)))
        case "report": return .controller(.report(instance: node["instance"]?.string))
        case "claimed":
            guard let time = Timestamp(try string("time", node)) else {
                throw EnvelopeError.invalid("`time` is no time")
            }
            return .report(try report(node, .claimed(at: time)))
        case "declined": return .report(try report(node, .declined(reason: try string("reason", node))))
        case "progress": return .report(try report(node, .progress(message: try string("message", node))))
        case "finished":
            return .report(try report(node, .finished(try fields(node["outcome"] ?? Node(.null)))))
        case "presence": return .presence(try fields(node))
        case "log": return .log(try fields(node))
        default: return nil
        }
    }

    private static func report(_ node: Node, _ event: AgentReport.Event) throws -> AgentReport {
        AgentReport(
            fence: try fence(node), agent: try string("agent", node), instance: try string("instance", node),
            digest: try string("digest", node), event: event)
    }

    private static func string(_ name: String, _ node: Node) throws -> String {
        guard let text = node[name]?.string else { throw EnvelopeError.invalid("`\(name)` is missing") }
        return text
    }

    private static func fence(_ node: Node) throws -> Fence {
        let text = try string("fence", node)
        guard let fence = Fence(text) else { throw EnvelopeError.invalid("`\(text.prefix(64))` is no fence") }
        return fence
    }

    private static func fields<Value: Fields>(_ node: Node) throws -> Value {
        let (value, problems) = FieldReader.read(Value.self, from: node, strict: false)
        if let problem = problems.first(where: { $0.severity == .error }) {
            throw EnvelopeError.invalid("\(problem.path): \(problem.message)")
        }
        return value
    }
}
