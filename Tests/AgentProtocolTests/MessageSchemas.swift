import AgentProtocol
import Document
import Model

/// What the schema of each message's value must say, taken from the types that are read and written.
enum MessageSchemas {
    static let all: [(name: String, schema: Node)] = [
        ("assign", assign), ("stop", SchemaDescription.of(Stop.self)), ("drain", drain), ("report", report),
        ("claimed", about("time", .time)), ("declined", about("reason", anyText)),
        ("progress", about("message", anyText)),
        ("finished", about("outcome", SchemaDescription.of(StageOutcome.self))),
        ("presence", SchemaDescription.of(Presence.self)), ("log", SchemaDescription.of(LogChunk.self)),
    ]

    // Messages whose members `Envelope` names itself. What it writes is checked against these too, so that a member
    // that is added there is missed here.

    private static let anyText = Node.object(("type", "string"))
    private static let instance = SchemaDescription.text(.filled(64))
    private static let agent = SchemaDescription.text(.filled(253))
    private static let digest = SchemaDescription.text(.filled(64))

    private static let assign = object([
        ("fence", SchemaDescription.fence), ("instance", instance), ("digest", digest),
        ("work", SchemaDescription.of(StageWork.self)),
    ])

    private static let drain = object([("instance", instance)])
    private static let report = object([("instance", instance)], required: [])

    private static func about(_ name: String, _ schema: Node) -> Node {
        object([
            ("fence", SchemaDescription.fence), ("agent", agent), ("instance", instance), ("digest", digest),
            (name, schema),
        ])
    }

    private static func object(_ members: [(String, Node)], required: [String]? = nil) -> Node {
        .schema(
            properties: members.map { Node.Member(key: $0.0, value: $0.1) }, required: required ?? members.map(\.0))
    }
}
