extension PipelineSpec {
    /// What is no mistake in itself, but keeps triggers from doing what they are there for; marks are left to the caller.
    ///
    /// - Parameter path: Where the spec is in its document.
    package func triggerNotes(at path: FieldPath = FieldPath(.key("spec"))) -> [Problem] {
        var notes: [Problem] = []
        let open = params.first { $0.default == nil }
        for (number, trigger) in triggers.enumerated() {
            let place = path.key("triggers").index(number)
            // One that says nothing, or too much, is an error.
            guard trigger.isSound else { continue }
            if trigger.schedule == nil, let source, RepositoryURL.isFile(source.url) {
                notes.append(
                    Problem(
                        "nothing fires this: no event is about a repository in the file system", at: place,
                        hint: "give the `url:` that the events are about", severity: .note))
            }
            if trigger.schedule == nil, source == nil {
                notes.append(
                    Problem(
                        "nothing fires this: the pipeline names no repository whose events it could be about",
                        at: place,
                        hint: "add `source:` with the repository's `url:`", severity: .note))
            }
            if let open {
                notes.append(
                    Problem(
                        "no run comes of this: nobody gives the parameter `\(open.name)` a value", at: place,
                        hint: "give it a `default:`", severity: .note))
            }
        }
        return notes
    }
}
