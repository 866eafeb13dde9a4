import AgentProtocol
import Execution
import Model
import Testing

@testable import Agent

extension WorkExecutorTests {
    /// Makes a repository with one file and returns its URL and commit.
    private func repository(_ bench: Bench, _ name: String, _ text: String) async throws -> ResolvedSource {
        let folder = "\(bench.folder.path)/origin"
        let made = await bench.run(9) {
            $0.script = """
                git init -q \(folder) && cd \(folder) && git config user.email a@b && git config user.name n
                cat > \(name) <<'END'
                \(text)
                END
                git add . && git commit -qm one && git rev-parse HEAD | sed 's/^/commit=/' >> $MARTLET_RESULTS
                """
        }
        let commit = try #require(made.results.first { $0.name == "commit" }?.value)
        return ResolvedSource(url: "file://\(folder)", revision: commit)
    }

    @Test func `without a script a test agent runs the tests it finds`() async throws {
        let bench = Bench()
        let source = try await repository(
            bench, "test_sums.py",
            """
            import unittest


            class Sums(unittest.TestCase):
                def test_good(self):
                    self.assertEqual(1 + 1, 2)

                def test_bad(self):
                    self.assertEqual(1 + 1, 3)
            """)
        let outcome = await bench.run {
            $0.script = nil
            $0.kind = "test"
            $0.source = source
        }
        #expect(outcome.result == .failed)
        #expect(outcome.message?.hasPrefix("1 of 2 tests failed") == true)
        #expect(outcome.exitCode == 1)
        #expect(outcome.results.contains(Param(name: "tests", value: "2")))
        #expect(bench.text.contains("▸ git clone"))
        #expect(bench.text.contains("test_bad"))
        #expect(bench.text.hasSuffix("▸ \(outcome.message ?? "")\n"))
        #expect(bench.leftovers == [])
        await bench.folder.remove()
    }

    @Test func `a kind without a job of its own needs a script`() async {
        let bench = Bench()
        let outcome = await bench.run { $0.script = nil }
        #expect(outcome.result == .failed)
        #expect(outcome.message?.contains("`shell`") == true)
        await bench.folder.remove()
    }
}
