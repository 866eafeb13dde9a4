import Document
import Glibc
import Model
import Testing

/// Repositories of each language, looked at by the tools of this machine.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LanguageTests {
    private func result(_ name: String, of stage: String, in run: PipelineRun) -> String? {
        run.status[stage: stage]?.results.first { $0.name == name }?.value
    }

    /// Runs stages of kinds on files, and returns the run.
    private func run(_ kinds: [String], on files: [String: String], in home: Home) async throws -> PipelineRun {
        for (name, text) in files.sorted(by: { $0.key < $1.key }) { try home.write(text, to: "repository/\(name)") }
        try await home.commit("repository")
        let pipeline = Manifest.run(
            "look", kinds.map { Stage($0, "onFailure: Continue") }, "source: {url: 'file:repository'}")
        try home.write(pipeline, to: "look.yaml")
        _ = try await home.martlet("run", "look.yaml")
        return try #require(await home.look(at: "look"))
    }

    @Test(.enabled(if: Programs.has("pylint", "pytest", "bandit"), "pylint, pytest or bandit is not installed"))
    func python() async throws {
        try await withHome { home in
            let files = [
                "greet.py": "\"\"\"Greets.\"\"\"\nimport subprocess\n\n\ndef greet(name):\n    \"\"\"Greets.\"\"\"\n"
                    + "    subprocess.call(name, shell=True)\n    return \"Hello \" + name\n",
                "test_greet.py":
                    "from greet import greet\n\ndef test_one():\n    assert greet('true') == 'Hello true'\n",
            ]
            let run = try await run(["lint", "test", "security"], on: files, in: home)
            #expect(run.status[stage: "lint"]?.state == .succeeded)
            #expect(run.status[stage: "test"]?.state == .succeeded)
            #expect(result("passed", of: "test", in: run) == "1")
            // B602: a shell with what somebody else gives.
            #expect(run.status[stage: "security"]?.state == .failed)
            #expect(result("high", of: "security", in: run) == "1")
        }
    }

    @Test(.enabled(if: Programs.has("node", "npm"), "node is not installed"))
    func node() async throws {
        try await withHome { home in
            let files = [
                "package.json": #"{"name": "sum", "version": "1.0.0", "scripts": {"test": "node --test"}}"#,
                "sum.js": "exports.sum = (a, b) => a + b\n",
                "sum.test.js": """
                const test = require('node:test')
                const assert = require('node:assert')
                const {sum} = require('./sum.js')
                test('adds', () => assert.equal(sum(1, 2), 3))
                test('does not multiply', () => assert.equal(sum(2, 3), 6))

                """,
                "eslint.config.js": "module.exports = []\n",
            ]
            let run = try await run(["lint", "test"], on: files, in: home)
            let test = try #require(run.status[stage: "test"])
            #expect(test.state == .failed)
            #expect(test.message?.contains("npm test") == true, "\(test.message ?? "")")
            let logs = try await home.martlet("logs", "look", "test").output
            #expect(logs.contains("not ok 2 - does not multiply") || logs.contains("✖ does not multiply"), "\(logs)")
            if !Programs.has("eslint") {
                let lint = try #require(run.status[stage: "lint"])
                #expect(lint.state == .failed)
                #expect(lint.message?.contains("eslint") == true, "\(lint.message ?? "")")
            }
        }
    }

    @Test(.enabled(if: Programs.has("shellcheck"), "shellcheck is not installed"))
    func shell() async throws {
        try await withHome { home in
            let files = ["run.sh": "#!/bin/bash\nif true; then\n  echo yes\n"]
            let run = try await run(["lint"], on: files, in: home)
            #expect(run.status[stage: "lint"]?.state == .failed)
            #expect(try #require(Int(result("errors", of: "lint", in: run) ?? "")) > 0)
            let logs = try await home.martlet("logs", "look", "lint").output
            #expect(logs.contains("run.sh:2:"), "\(logs)")
        }
    }

    @Test(.enabled(if: Programs.has("node", "npm"), "node is not installed"))
    func theNodeSampleSucceeds() async throws {
        try await withHome { home in
            let samples = "\(Programs.project)/manifests/samples"
            try await home.tool("cp", "-r", "\(samples)/slug", "slug")
            try await home.commit("slug")
            let ending = try await home.martlet("run", "\(samples)/slug-pipeline.yaml", "--source", "slug")
            #expect(ending.code == 0, "\(ending)")
        }
    }

    @Test(
        .enabled(
            if: Programs.has("buildah", "docker-registry", "curl") && geteuid() == 0,
            "buildah or docker-registry is not installed, or the user isn't root"))
    func anImageIsBuiltAndPushed() async throws {
        try await withHome { home in
            let configuration = """
                version: 0.1
                log: {level: info, accesslog: {disabled: true}}
                storage: {filesystem: {rootdirectory: \(home.path)/images}}
                http: {addr: 127.0.0.1:0}

                """
            try home.write(configuration, to: "registry.yaml")
            let registry = try home.start("docker-registry", ["serve", "registry.yaml"])
            let line = try await registry.errors.line("listening on 127.0.0.1:")
            let address = try #require(
                line.split(separator: " ").lazy.map { $0.filter { $0 != "\"" } }.first { $0.hasPrefix("127.0.0.1:") })

            try home.write("FROM scratch\nCOPY greeting /greeting\n", to: "repository/Containerfile")
            try home.write("Hello\n", to: "repository/greeting")
            try await home.commit("repository")
            try home.write(
                Manifest.run(
                    "image",
                    [
                        Stage(
                            "build",
                            "with: {image: '\(address)/team/greeting', tag: $(source.revision), push: Enabled, "
                                + "tlsVerify: Disabled, storageDriver: vfs, isolation: chroot}"),
                        Stage(
                            "announce", needs: ["build"], "env: [{name: IMAGE, value: $(stages.build.results.image)}]",
                            script: "echo \"$IMAGE\" > \(home.path)/announced"),
                    ], "source: {url: 'file:repository'}"),
                to: "image.yaml")
            let ending = try await home.martlet("run", "image.yaml")
            #expect(ending.code == 0, "\(ending)")
            let run = try #require(await home.look(at: "image"))
            let digest = try #require(result("digest", of: "build", in: run))
            #expect(result("image", of: "build", in: run) == "\(address)/team/greeting@\(digest)")
            #expect(try home.read("announced").trimmed == "\(address)/team/greeting@\(digest)")
            let types =
                "Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
            let head = try await home.tool(
                "curl", "-fsS", "--noproxy", "*", "-H", types, "http://\(address)/v2/team/greeting/manifests/\(digest)")
            #expect(try parseJSON(head)["layers"]?.array?.count == 1)
            let commit = try await home.head(of: "repository")
            let tags = try parseJSON(
                try await home.tool("curl", "-fsS", "--noproxy", "*", "http://\(address)/v2/team/greeting/tags/list"))
            #expect(tags["tags"]?.array?.first?.string == commit)
        }
    }
}
