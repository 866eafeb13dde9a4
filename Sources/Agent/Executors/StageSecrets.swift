internal import Execution
internal import Model

/// The secrets of one attempt, and what hides them.
struct StageSecrets: Sendable {
    private struct Value: Sendable {
        var use: SecretUse
        var bytes: [UInt8]
    }

    private var values: [Value] = []
    /// For the source.
    private(set) var credentials: GitCredentials?
    /// All that must not be seen.
    let hidden: [[UInt8]]
    let masker: Masker

    init(_ work: StageWork, in store: SecretStore) throws(SecretStore.Missing) {
        for use in work.secrets { values.append(Value(use: use, bytes: try store.value(of: use.name))) }
        if let name = work.credentials { credentials = try store.credentials(of: name) }
        // A password may also stand in the URL, where people put what they shouldn't.
        let passwords = [credentials?.password, work.source.flatMap { (try? GitURL($0.url))?.password?.password }]
        hidden = values.map(\.bytes) + passwords.compactMap { $0.map { Array($0.utf8) } }
        masker = Masker(secrets: hidden)
    }

    /// Whether some are wanted as files.
    var hasFiles: Bool { values.contains { $0.use.file != nil } }

    /// The variables that a stage is given; secrets wanted as files are written into its folders.
    func variables(in workspace: Workspace?) throws -> [(name: String, value: String)] {
        var variables: [(String, String)] = []
        for (place, value) in values.enumerated() {
            if let name = value.use.env {
                guard let text = String(validating: value.bytes, as: UTF8.self), !value.bytes.contains(0) else {
                    throw SecretStore.Missing(
                        description: "the secret `\(value.use.name)` is no text and can't be a variable; use `file`")
                }
                variables.append((name, SecretStore.trimmed(text)))
            }
            if let name = value.use.file, let workspace {
                variables.append((name, try workspace.writeSecret(value.bytes, named: "\(place)-\(value.use.name)")))
            }
        }
        return variables
    }

    /// The outcome with every secret hidden.
    func masked(_ outcome: StageOutcome) -> StageOutcome {
        if hidden.isEmpty { return outcome }
        var outcome = outcome
        outcome.message = outcome.message.map(masker.mask(cut:))
        // There is no name to put in its place.
        outcome.results.removeAll { masker.mask($0.name) != $0.name }
        for index in outcome.results.indices {
            outcome.results[index].value = masker.mask(outcome.results[index].value)
        }
        for index in outcome.annotations.indices {
            outcome.annotations[index].message = masker.mask(cut: outcome.annotations[index].message)
            outcome.annotations[index].path = masker.mask(outcome.annotations[index].path)
            outcome.annotations[index].rule = outcome.annotations[index].rule.map(masker.mask(cut:))
        }
        return outcome
    }
}
