import Glibc
import Manifests
import Testing

/// Every `Bad/NAME.yaml` is answered with the lines of `Bad/NAME.txt`.
@Suite struct GoldenTests {
    static let folder = #filePath.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Bad/"

    @Test(arguments: [
        "mixed", "typos", "needs", "references", "kinds", "runs", "saved", "syntax", "quoting", "encoding",
    ])
    func `a bad file is answered with these lines`(_ name: String) throws {
        let set = try load(name)
        try compare(set.rendered(), with: name + ".txt")
        #expect(set.hasErrors)
    }

    @Test func `for a terminal the source line follows, with a caret`() throws {
        try compare(try load("references").rendered(excerpts: true), with: "references.excerpts.txt")
    }

    /// With `MARTLET_RECORD` set the file is written anew, for a person to read the difference, and the test fails.
    private func compare(_ found: String, with name: String) throws {
        if getenv("MARTLET_RECORD") != nil {
            let file = try #require(fopen(Self.folder + name, "w"))
            defer { fclose(file) }
            fputs(found, file)
            Issue.record("\(name) has been written anew")
            return
        }
        #expect(found == String(decoding: try contents(of: Self.folder + name), as: UTF8.self), "\(found)")
    }

    private func load(_ name: String) throws -> ManifestSet {
        var loader = ManifestLoader()
        loader.add(file: name + ".yaml", bytes: try contents(of: Self.folder + name + ".yaml"))
        return loader.finish()
    }
}
