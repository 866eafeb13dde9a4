import Execution
import Glibc
import Testing

@Suite struct ResultsFileTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var text: String
        var results: [String]
        var warnings: Int

        init(_ name: String, _ text: String, _ results: [String], warnings: Int = 0) {
            (testDescription, self.text, self.results, self.warnings) = (name, text, results, warnings)
        }
    }

    @Test(arguments: [
        Case("a name and a value", "image=a/b@sha256:1\n", ["image=a/b@sha256:1"]),
        Case("a value may hold equals signs and be empty", "a=b=c\nb=", ["a=b=c", "b="]),
        Case("the last one counts, in the first one's place", "a=1\nb=2\na=3", ["a=3", "b=2"]),
        Case("several lines", "notes<<END\none\ntwo=2\nEND\nx=1", ["notes=one\ntwo=2", "x=1"]),
        Case("an empty value of several lines", "a<<E\nE\n", ["a="]),
        Case("CRLF", "a=1\r\nb<<E\r\nx\r\nE\r\n", ["a=1", "b=x\r"]),
        Case("a shift in a value is no heredoc", "a=1<<2", ["a=1<<2"]),
        Case("no name", "=1\n1a=2\na b=3\n", [], warnings: 3),
        Case("no value", "hello\nok=1", ["ok=1"], warnings: 1),
        Case("a dot, which no word has", "a.b=1\na-b=2", ["a-b=2"], warnings: 1),
        Case("too long a name", "\(String(repeating: "x", count: 64))=1", [], warnings: 1),
        Case("a heredoc that never ends", "a<<END\nx\n", [], warnings: 1),
        Case(
            "too long a value", "a=\(String(repeating: "x", count: 1025))\nb=\(String(repeating: "y", count: 2))",
            ["b=yy"], warnings: 1),
        Case("more than 16", (1...18).map { "r\($0)=\($0)\n" }.joined(), (1...16).map { "r\($0)=\($0)" }, warnings: 2),
    ])
    func linesBecomeResults(_ example: Case) {
        let file = ResultsFile.parse(Array(example.text.utf8))
        #expect(file.results.map { "\($0.name)=\($0.value)" } == example.results)
        #expect(file.warnings.count == example.warnings, "\(file.warnings)")
    }

    @Test func whatIsNoFileInItsPlaceIsRefused() async throws {
        try await withFolder { folder in
            let path = "\(folder.path)/results"
            symlink("/etc/passwd", path)
            #expect(ResultsFile.read(path).results.isEmpty)
            #expect(ResultsFile.read(path).warnings.count == 1)
            unlink(path)
            mkfifo(path, 0o600)
            #expect(ResultsFile.read(path).warnings.count == 1)
            unlink(path)
            #expect(ResultsFile.read(path).warnings == ["the results can't be read: No such file or directory"])
        }
    }
}
