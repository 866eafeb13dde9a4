import Execution
import Glibc
import Testing

/// The kinds with the tools of this machine. Slow; each is left out where its tool isn't installed.
@Suite struct RealToolTests {
    private static func has(_ tool: String) -> Bool { search.find(tool) != nil }

    @Test(.enabled(if: has("pylint") && !has("ruff"), "pylint is not installed, or ruff is"))
    func pylintFindsAnUndefinedName() async throws {
        try await withFolder { folder in
            let files = ["requirements.txt": "", "a.py": "def f(x):\n    return y\n", "s.sh": "#!/bin/bash\necho ok\n"]
            let outcome = try await Stages(in: folder).run("lint", files: files)
            #expect(outcome.ending == .failed)
            #expect(outcome.message.hasPrefix("1 errors"))
            let first = try #require(outcome.findings.kept.first)
            #expect(first.text == "a.py:2:12: error: Undefined variable 'y' [E0602]")
            #expect(outcome.results.first == .init(name: "errors", value: "1"))
        }
    }

    @Test(.enabled(if: has("pylint") && !has("ruff"), "pylint is not installed, or ruff is"))
    func findingsBelowTheThresholdPass() async throws {
        try await withFolder { folder in
            let outcome = try await Stages(in: folder).run("lint", files: ["a.py": "import os\n"])
            #expect(outcome.ending == .succeeded)
            #expect(outcome.findings.count(.warning) == 1)
            let strict = try await withFolder { other in
                try await Stages(in: other).run("lint", with: ["failOn": "warning"], files: ["a.py": "import os\n"])
            }
            #expect(strict.ending == .failed)
        }
    }

    @Test(.enabled(if: has("shellcheck"), "shellcheck is not installed"))
    func shellcheckFindsAnError() async throws {
        try await withFolder { folder in
            let outcome = try await Stages(in: folder).run("lint", files: ["bin/s.sh": "#!/bin/bash\nif true; then\n"])
            #expect(outcome.ending == .failed)
            #expect(outcome.findings.kept.first?.path == "bin/s.sh")
            #expect(outcome.findings.kept.first?.level == .error)
        }
    }

    @Test(.enabled(if: has("pytest"), "pytest is not installed"))
    func pytestCountsAndNamesWhatFailed() async throws {
        try await withFolder { folder in
            let files = [
                "src/lib/__init__.py": "def one():\n    return 1\n",
                "tests/test_lib.py": """
                import pytest
                from lib import one

                def test_good():
                    assert one() == 1

                def test_bad():
                    assert one() == 2

                @pytest.mark.skip
                def test_later():
                    pass

                """,
            ]
            let outcome = try await Stages(in: folder).run("test", files: files)
            #expect(outcome.ending == .failed)
            #expect(outcome.message == "1 of 3 tests failed: test_bad")
            #expect(outcome.tests?.failed.first?.path == "tests/test_lib.py")
            #expect(outcome.tests?.failed.first?.line == 8)
            #expect(
                outcome.results == [
                    .init(name: "tests", value: "3"), .init(name: "passed", value: "1"),
                    .init(name: "failed", value: "1"), .init(name: "skipped", value: "1"),
                ])
        }
    }

    @Test(
        .enabled(if: has("pytest"), "pytest is not installed"),
        arguments: [
            ("test_a.py", "x = 1\n", "pytest failed: no tests were collected"),
            ("test_b.py", "import no_such_module\n", "1 of 1 tests failed: test_b"),
        ])
    func pytestWithoutTestsFails(_ name: String, _ text: String, _ message: String) async throws {
        try await withFolder { folder in
            let outcome = try await Stages(in: folder).run("test", files: [name: text])
            #expect(outcome.ending == .failed)
            #expect(outcome.message == message)
        }
    }

    @Test(.enabled(if: has("node"), "node is not installed"))
    func nodesRunnerCountsTests() async throws {
        try await withFolder { folder in
            let test = """
                const test = require('node:test'); const assert = require('assert');
                test('good', () => {});
                test('bad', () => { assert.equal(1, 2) });

                """
            let outcome = try await Stages(in: folder).run("test", files: ["package.json": "{}", "a.test.js": test])
            #expect(outcome.ending == .failed)
            #expect(outcome.message == "1 of 2 tests failed: bad")
            #expect(outcome.tests?.failed.first?.path == "a.test.js")
            #expect(outcome.tests?.failed.first?.line == 3)
        }
    }

    @Test(.enabled(if: has("make"), "make is not installed"))
    func makesTestDecidesByItsExitCode() async throws {
        try await withFolder { folder in
            let good = try await Stages(in: folder).run("test", files: ["Makefile": "test:\n\t@echo fine\n"])
            #expect(good.ending == .succeeded)
        }
        try await withFolder { folder in
            let bad = try await Stages(in: folder).run("test", files: ["Makefile": "test:\n\tfalse\n"])
            #expect(bad.ending == .failed)
            #expect(bad.message.hasSuffix("make test exited with code 2"))
        }
    }

    @Test(.enabled(if: has("bandit") && !has("trivy"), "bandit is not installed, or trivy is"))
    func banditsFindingsAreWeighed() async throws {
        let code = "import subprocess\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n"
        try await withFolder { folder in
            let outcome = try await Stages(in: folder).run("security", files: ["a.py": code])
            #expect(outcome.ending == .failed)
            #expect(outcome.message == "1 high, 1 low found")
            #expect(outcome.results.contains(.init(name: "high", value: "1")))
            #expect(outcome.reports.first?.name == "findings.sarif")
        }
        try await withFolder { folder in
            let outcome = try await Stages(in: folder).run(
                "security", with: ["failOn": "critical"], files: ["a.py": code])
            #expect(outcome.ending == .succeeded)
        }
    }

    @Test(
        .enabled(
            if: has("buildah") && has("docker-registry") && getuid() == 0, "buildah or docker-registry is missing"),
        .timeLimit(.minutes(3)))
    func anImageIsBuiltAndPushedToARegistry() async throws {
        try await withFolder { folder in
            // Port 0 would not be told; a free one is asked of the system first.
            let port = try freePort()
            try folder.write(
                """
                version: 0.1
                storage:
                  filesystem:
                    rootdirectory: \(folder.path)/registry
                http:
                  addr: 127.0.0.1:\(port)

                """, to: "registry.yml")
            let registry = try await StageProcess.start(
                Command(
                    "docker-registry", ["serve", "\(folder.path)/registry.yml"], environment: ["PATH": testPath],
                    workingDirectory: folder.path))
            for await batch in registry.lines() where batch.contains(where: { $0.text.contains("listening on") }) {
                break
            }
            let image = "127.0.0.1:\(port)/team/app"
            let outcome = try await Stages(in: folder).run(
                "build",
                with: [
                    "image": image, "tag": "v1", "push": "Enabled", "tlsVerify": "Disabled", "storageDriver": "vfs",
                    "tool": "buildah",
                ], files: ["Dockerfile": "FROM scratch\nCOPY hello /hello\n", "hello": "hello\n"])
            #expect(outcome.ending == .succeeded, "\(outcome.message)")
            let digest = try #require(outcome.results.first { $0.name == "digest" }?.value)
            #expect(digest.hasPrefix("sha256:"))
            #expect(outcome.results.first { $0.name == "image" }?.value == "\(image)@\(digest)")
            let stored = digest.dropFirst(7)
            #expect(
                FileSystem.exists(
                    "\(folder.path)/registry/docker/registry/v2/blobs/sha256/\(stored.prefix(2))/\(stored)/data"))
            registry.terminate(grace: .seconds(5))
            _ = await registry.exit()
        }
    }

    private func freePort() throws -> UInt16 {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(number >= 0)
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try withUnsafeMutablePointer(to: &address) { pointer in
            // A sockaddr_in is one of the forms of a sockaddr.
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try #require(bind(number, address, length) == 0)
                try #require(getsockname(number, address, &length) == 0)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
    }
}
