/// What GitHub signs deliveries with: one secret, or two while one is being replaced by the other.
package struct WebhookSecrets: Sendable, CustomStringConvertible {
    package let all: [[UInt8]]

    /// None: nothing can be verified.
    package init() {
        all = []
    }

    /// Reads a file's text, or a variable's: one secret a line, at most two.
    ///
    /// - Throws: in words for the user, without the secrets.
    package init(text: String) throws(WebhookSecretError) {
        let lines = text.split(whereSeparator: \.isNewline).map { line in
            line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        }
        let secrets = lines.filter { !$0.isEmpty }.map { Array(String($0).utf8) }
        guard !secrets.isEmpty else { throw WebhookSecretError(problem: "there is no secret in it") }
        guard secrets.count <= 2 else {
            throw WebhookSecretError(problem: "there are \(secrets.count) secrets in it, and at most two are taken")
        }
        guard secrets.allSatisfy({ $0.count >= Self.leastBytes }) else {
            throw WebhookSecretError(
                problem: "a secret is shorter than \(Self.leastBytes) bytes, which can be guessed: "
                    + "make one with `openssl rand -hex 32`")
        }
        all = secrets
    }

    private static let leastBytes = 16

    package var isEmpty: Bool { all.isEmpty }

    /// Never the secrets themselves, wherever it is printed.
    package var description: String { "\(all.count) secret\(all.count == 1 ? "" : "s")" }
}

package struct WebhookSecretError: Error, Equatable, CustomStringConvertible {
    package var problem: String

    package var description: String { problem }
}
