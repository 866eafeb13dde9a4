extension PipelineSpec {
    /// The fields in use that are read and checked, but that nothing acts on yet, as notes.
    ///
    /// `validate` prints them. `run` and `controller` refuse them, since somebody who asks for a trigger has to learn
    /// that nothing will pull it.
    package func notYetActedOn(at path: FieldPath = FieldPath(.key("spec"))) -> [Problem] {
        let given: [(String, Bool)] = [
            ("triggers", !triggers.isEmpty), ("concurrency", concurrency != nil),
            ("notifications", notifications != nil),
        ]
        return given.filter(\.1).map { field, _ in
            Problem(
                "nothing acts on this field yet", at: path.key(field), hint: "remove `\(field)` until it does",
                severity: .note)
        }
    }
}

extension PipelineRunSpec {
    /// The same for an inline pipeline.
    package func notYetActedOn(at path: FieldPath = FieldPath(.key("spec"))) -> [Problem] {
        pipelineSpec?.notYetActedOn(at: path.key("pipelineSpec")) ?? []
    }
}
