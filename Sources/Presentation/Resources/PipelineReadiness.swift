package import Model

/// Whether a pipeline can be run, in one word.
struct PipelineReadiness {
    let word: String
    let ink: Ink

    init(_ pipeline: Pipeline) {
        let ready = pipeline.status.conditions[Condition.ready]
        switch ready?.status {
        case .false: (word, ink) = ("False", .red)
        case _ where pipeline.spec.desiredState == .suspended: (word, ink) = ("Suspended", .yellow)
        case .true: (word, ink) = ("True", .green)
        case .unknown: (word, ink) = ("Unknown", .dim)
        // The folder home takes up only what has no mistakes.
        case nil: (word, ink) = ("True", .green)
        }
    }
}

extension Pipeline {
    /// What keeps it, or the newest version of its file, from being run; nil where nothing does.
    package var mistake: String? {
        status.conditions[Condition.ready].flatMap { $0.status == .false ? $0.message : nil }
    }
}
