internal import Glibc

/// The folders of one attempt: the checkout, a home, a place for temporary files, and the agent's own files.
package struct Workspace: Equatable, Sendable {
    /// Holds all the others; only this user can enter it.
    package let root: String

    package var checkout: String { "\(root)/workspace" }
    package var home: String { "\(root)/home" }
    package var temporary: String { "\(root)/tmp" }
    /// Scripts, secret files and reports: what belongs to the stage but not into its checkout.
    package var own: String { "\(root)/stage" }
    package var script: String { "\(own)/script" }
    package var results: String { "\(own)/results" }
    package var reports: String { "\(own)/reports" }
    package var secrets: String { "\(own)/secrets" }

    /// Makes fresh folders for an attempt under `parent`. The checkout itself is made by who fills it.
    package static func make(in parent: String, named name: String) throws(SystemError) -> Workspace {
        let safe = name.utf8.map { byte -> Character in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                Character(UnicodeScalar(byte))
            default: "-"
            }
        }
        try FileSystem.makeFolder(parent)
        // The random end keeps an attempt apart from one of the same name that was left behind.
        let root = "\(parent)/\(String(safe.prefix(80)))-\(String(UInt32.random(in: .min ... .max), radix: 36))"
        guard mkdir(root, 0o700) == 0 else { throw SystemError("make the folder \(root)") }
        let workspace = Workspace(root: root)
        for folder in [workspace.home, workspace.temporary, workspace.own, workspace.reports, workspace.secrets] {
            try FileSystem.makeFolder(folder)
        }
        try FileSystem.write([], to: workspace.results)
        return workspace
    }

    /// An empty checkout, for a stage without a source.
    package func makeEmptyCheckout() throws(SystemError) {
        try FileSystem.makeFolder(checkout)
    }

    /// Writes a secret that the stage wants as a file, and returns its path.
    package func writeSecret(_ value: [UInt8], named name: String) throws(SystemError) -> String {
        let path = "\(secrets)/\(name)"
        try FileSystem.write(value, to: path, mode: 0o400)
        return path
    }

    /// Removes all of it.
    package func remove() async throws(SystemError) {
        try await FileTree.remove(root)
    }
}
