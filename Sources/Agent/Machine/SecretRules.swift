internal import Model

/// Which pipelines may use which of the agent's secrets. Without a rule nobody may use any.
package struct SecretRules: Equatable, Sendable {
    /// `NAME=NAMESPACE/PIPELINE`.
    package struct Rule: Equatable, Sendable, CustomStringConvertible {
        package var secret: String
        /// nil in the folder home, which has no namespaces.
        package var namespace: String?
        /// `*` for every pipeline of the namespace.
        package var pipeline: String

        /// Reads a rule; the namespace is `-` or empty in the folder home.
        package init?(_ text: String) {
            guard let equals = text.firstIndex(of: "="), let slash = text[equals...].firstIndex(of: "/") else {
                return nil
            }
            secret = String(text[..<equals])
            let namespace = String(text[text.index(after: equals)..<slash])
            self.namespace = namespace.isEmpty || namespace == "-" ? nil : namespace
            pipeline = String(text[text.index(after: slash)...])
            // The name becomes part of a file's path.
            guard !secret.isEmpty, !secret.hasPrefix("."), !secret.contains("/"), !pipeline.isEmpty,
                !pipeline.contains("/")
            else { return nil }
        }

        package var description: String { "\(secret)=\(namespace ?? "-")/\(pipeline)" }
    }

    package var rules: [Rule] = []

    package init() {}

    package init(_ rules: [Rule]) {
        self.rules = rules
    }

    package func allow(_ secret: String, namespace: String?, pipeline: String) -> Bool {
        rules.contains {
            $0.secret == secret && $0.namespace == namespace && ($0.pipeline == "*" || $0.pipeline == pipeline)
        }
    }

    /// Why this agent may not do that work; nil where it may.
    func refusal(of work: StageWork) -> String? {
        for name in work.secrets.map(\.name) + (work.credentials.map { [$0] } ?? [])
        where !allow(name, namespace: work.namespace, pipeline: work.pipeline) {
            let rule = "\(name)=\(work.namespace ?? "-")/\(work.pipeline)"
            return "the agent doesn't let this pipeline use the secret `\(name)` (start it with --allow-secret \(rule))"
        }
        return nil
    }
}
