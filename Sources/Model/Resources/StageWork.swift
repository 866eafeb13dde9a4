/// What one attempt of a stage is to do, with every reference replaced: the same for every reader.
package struct StageWork: Fields, Equatable {
    package var run = ""
    package var pipeline = ""
    package var namespace: String?
    package var stage = ""
    /// What people see: `test[python=3.12]` for the id `test.3`.
    package var title = ""
    package var kind = ""
    package var script: String?
    package var with = StringMap()
    /// The user's variables and the `MARTLET_…` ones.
    package var env: [EnvironmentVariable] = []
    package var secrets: [SecretUse] = []
    package var source: ResolvedSource?
    /// The name of the secret for the source.
    package var credentials: String?
    package var timeoutSeconds = StageSpec.defaultTimeoutSeconds
    /// Stages of different trust share no cache.
    package var trust = RunSource.Trust.trusted

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("run", &run, .dnsName)
        visitor.text("pipeline", &pipeline, .any(253))
        visitor.text("namespace", &namespace, .dnsLabel)
        visitor.text("stage", &stage, .filled(80))
        visitor.text("title", &title, .filled(1024))
        visitor.text("kind", &kind, .dnsLabel)
        visitor.text("script", &script, .filled(StageSpec.scriptLimit))
        visitor.map("with", &with, key: .word, value: .any(65_536), atMost: 32)
        // The stage's own, one for each param and axis, and one for each result that a stage may look at.
        visitor.list("env", &env, atMost: 4400)
        visitor.list("secrets", &secrets, atMost: 16)
        visitor.object("source", &source)
        visitor.text("credentials", &credentials, .dnsName)
        visitor.number(
            "timeoutSeconds", &timeoutSeconds, default: StageSpec.defaultTimeoutSeconds, in: 1...31_536_000)
        visitor.choice("trust", &trust, default: .trusted)
    }
}
