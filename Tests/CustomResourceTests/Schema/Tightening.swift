import Document

/// What `Model/Validation` demands beyond the bounds of the fields, as far as a schema can say it.
struct Tightening {
    var isRequired = false
    var parts: Parts

    /// By record and field.
    static let fields: [String: Tightening] = [
        // Told apart by both keys, which a schema allows only where both are always there.
        "ApprovalDecision.rerun": Tightening(parts: [("default", .number(0))]),
        "MatrixAxis.values": Tightening(isRequired: true, parts: notEmpty + unique),
        "RefFilter.branches": Tightening(parts: unique),
        "RefFilter.paths": Tightening(parts: unique),
        "RefFilter.pathsIgnore": Tightening(parts: unique),
        "RunSource.ref": Tightening(parts: [("pattern", .text(#"^refs/[^\x00-\x20\x7f]*$"#))]),
        "RunSource.revision": Tightening(parts: [("pattern", .text(#"^[^-\x00-\x20\x7f][^\x00-\x20\x7f]*$"#))]),
        "SlackSpec.events": Tightening(isRequired: true, parts: notEmpty),
        "StageSpec.needs": Tightening(parts: unique),
        "TagFilter.tags": Tightening(parts: unique),
        "WhenClause.values": Tightening(isRequired: true, parts: notEmpty),
    ]

    /// By record.
    static let records: [String: Parts] = [
        // Exactly one of its fields.
        "Trigger": [("minProperties", .number(1)), ("maxProperties", .number(1))]
    ]

    private static let notEmpty: Parts = [("minItems", .number(1))]
    private static let unique: Parts = [("x-kubernetes-list-type", .text("set"))]
}
