internal import Model

/// A repository on GitHub by its owner and name.
package struct GitHubRepository: Hashable, Sendable {
    package var owner: String
    package var name: String

    /// - Returns: nil where a part isn't what GitHub calls owners and repositories.
    package init?(owner: String, name: String) {
        guard Self.isName(owner), Self.isName(name) else { return nil }
        self.owner = owner
        self.name = name
    }

    /// Reads a repository's URL in any form; nil where it isn't on that host.
    package init?(_ url: String, on host: GitHubHost) {
        let normalised = RepositoryURL.normalised(url)
        guard normalised.hasPrefix("\(host.name)/") else { return nil }
        let parts = normalised.dropFirst(host.name.count + 1).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(owner: String(parts[0]), name: String(parts[1]))
    }

    /// In paths of the API.
    var path: String { "/repos/\(owner)/\(name)" }

    /// Letters, digits and `-_.`, so that it goes into a path as it is.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 100 && text != "." && text != ".."
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
