import Document
import Glibc
import Manifests
import Model
import Testing

@Suite struct LoaderTests {
    static func pipeline(_ name: String, _ more: String = "") -> String {
        """
        apiVersion: martlet.dev/v1alpha1
        kind: Pipeline
        metadata: {name: \(name)}
        spec: {stages: [{name: lint}]\(more)}

        """
    }

    @Test func `a folder is read by name, without what is hidden, left by editors, deeper, or of another type`() throws
    {
        let folder = try TemporaryFolder()
        for name in ["b.yaml", "a.yml", ".hidden.yaml", "#b.yaml#", "c.yaml~", "notes.txt", ".yaml", "~d.yaml"] {
            try folder.write(name, Self.pipeline("p-\(name.utf8.count)-\(name.prefix(1) == "b" ? "b" : "x")"))
        }
        try folder.write(
            "c.json",
            "\t{\"apiVersion\":\"martlet.dev/v1alpha1\",\"kind\":\"Pipeline\",\"metadata\":{\"name\":\"json\"},"
                + "\"spec\":{\"stages\":[{\"name\":\"lint\"}]}}")
        try folder.makeFolder("sub.yaml")
        try folder.write("sub.yaml/deep.yaml", Self.pipeline("deep"))
        let set = loadManifests(paths: [folder.path + "/"])
        #expect(set.rendered() == "")
        #expect(set.files == ["a.yml", "b.yaml", "c.json"].map { folder.path + "/" + $0 })
        #expect(set.pipelines.map(\.metadata.name) == ["p-5-x", "p-6-b", "json"])
    }

    @Test func `a file that is named twice, or reached by a link, is read once`() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.yaml", Self.pipeline("a"))
        try #require(symlink("a.yaml", folder.path + "/link.yaml") == 0)
        let set = loadManifests(paths: [folder.path + "/a.yaml", folder.path, folder.path + "/./a.yaml"])
        #expect(set.rendered() == "" && set.files.count == 1 && set.manifests.count == 1)
    }

    @Test func `one object in two files is an error that names both places`() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.yaml", Self.pipeline("one") + "---\n" + Self.pipeline("two"))
        try folder.write("b.yaml", "# A comment.\n" + Self.pipeline("two"))
        let set = loadManifests(paths: [folder.path])
        #expect(
            set.rendered() == """
                \(folder.path)/b.yaml:4:18: error: metadata.name: another Pipeline is also named `two`: \(folder.path)/a.yaml:8:18 (rename one of them)

                """)
        #expect(set.pipelines.map(\.metadata.name) == ["one", "two"])
        #expect(set.rejected.map(\.file) == [folder.path + "/b.yaml"])
    }

    @Test func `objects of one name in two namespaces are two objects`() throws {
        var loader = ManifestLoader()
        let text =
            Self.pipeline("a") + "---\n" + Self.pipeline("a").replacing("{name: a}", with: "{name: a, namespace: b}")
        loader.add(file: "f.yaml", bytes: Array(text.utf8))
        #expect(loader.finish().rendered() == "")
    }

    @Test func `a run that can't be understood is there all the same`() throws {
        var loader = ManifestLoader()
        loader.add(
            file: "f.yaml",
            bytes: Array(
                """
                apiVersion: martlet.dev/v1alpha1
                kind: PipelineRun
                metadata: {name: r, namespace: team}
                spec: {pipelineRef: {name: ci}, colour: red}
                """.utf8))
        let set = loader.finish()
        #expect(set.hasErrors && set.manifests.isEmpty)
        let rejected = try #require(set.rejected.first)
        #expect(rejected.kind == "PipelineRun" && rejected.name == "r" && rejected.namespace == "team")
        #expect(rejected.mark.line == 1 && set.unreadable.isEmpty)
    }

    @Test func `a run without a name keeps the beginning of the one it is to get`() throws {
        var loader = ManifestLoader()
        let text = """
            apiVersion: martlet.dev/v1alpha1
            kind: PipelineRun
            metadata: {generateName: nightly-, labels: {team: web}}
            spec: {pipelineSpec: {stages: [{name: lint}]}}

            """
        loader.add(file: "f.yaml", bytes: Array((text + "---\n" + text).utf8))
        let set = loader.finish()
        #expect(set.rendered() == "")
        #expect(set.manifests.map(\.generateName) == ["nightly-", "nightly-"])
        #expect(set.runs.map(\.metadata.name) == ["", ""] && set.runs.first?.metadata.labels == ["team": "web"])
        #expect(set.manifests.map(\.mark.line) == [1, 6])
    }

    @Test func `a run waits for a pipeline that is rejected, without a note that it is missing`() {
        var loader = ManifestLoader()
        loader.add(file: "a.yaml", bytes: Array(Self.pipeline("ci", ", colour: red").utf8))
        loader.add(
            file: "b.yaml",
            bytes: Array(
                """
                apiVersion: martlet.dev/v1alpha1
                kind: PipelineRun
                metadata: {name: r}
                spec: {pipelineRef: {name: ci}}
                """.utf8))
        let set = loader.finish()
        #expect(set.problems.map(\.file) == ["a.yaml"])
        #expect(set.runs.count == 1)
    }

    @Test func `empty files and folders are notes`() throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("none")
        try folder.write("empty.yaml", "# nothing\n---\n")
        try folder.write("blank.json", " \n")
        let set = loadManifests(paths: [folder.path + "/none", folder.path])
        #expect(
            set.rendered() == """
                \(folder.path)/none: note: this folder holds no manifests (*.yaml, *.yml or *.json)
                \(folder.path)/blank.json: note: this file holds no manifest
                \(folder.path)/empty.yaml: note: this file holds no manifest

                """)
        #expect(!set.hasErrors)
    }
}

/// Files that are no manifests at all come out as one line that says why.
@Suite struct HostileFileTests {
    private func lines(_ bytes: [UInt8], in name: String = "x.yaml") throws -> [String] {
        let folder = try TemporaryFolder()
        try folder.write(name, bytes)
        let set = loadManifests(paths: [folder.path + "/" + name])
        #expect(set.manifests.isEmpty && set.hasErrors && set.unreadable == [folder.path + "/" + name])
        return set.problems.map { $0.line.replacing(folder.path + "/", with: "") }
    }

    @Test func `a file of 100 MB is not read`() throws {
        let folder = try TemporaryFolder()
        try folder.write("big.yaml", "a: b\n")
        try #require(truncate(folder.path + "/big.yaml", 100 << 20) == 0)
        let set = loadManifests(paths: [folder.path])
        #expect(set.rendered() == "\(folder.path)/big.yaml: error: the file is larger than 4194304 bytes\n")
    }

    @Test(arguments: ["[", "{a: "])
    func `20,000 levels are one line`(_ opening: String) throws {
        let found = try lines(Array(String(repeating: opening, count: 20_000).utf8))
        #expect(found.count == 1 && found[0].hasPrefix("x.yaml:1:") && found[0].contains("error: "), "\(found)")
        #expect(found[0].utf8.count < 200)
    }

    @Test func `20,000 levels of JSON are one line`() throws {
        let found = try lines(Array(String(repeating: "[", count: 20_000).utf8), in: "x.json")
        #expect(found.count == 1 && found[0].hasPrefix("x.json:1:65: error: "), "\(found)")
    }

    @Test func `aliases of aliases are one line`() throws {
        var text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
        for (name, before) in zip("bcdefghi", "abcdefgh") {
            text += "\(name): &\(name) [" + Array(repeating: "*\(before)", count: 9).joined(separator: ",") + "]\n"
        }
        let found = try lines(Array(text.utf8))
        #expect(found.count == 1 && found[0].utf8.count < 200, "\(found)")
    }

    @Test func `bytes that are no text are one line`() throws {
        #expect(try lines([0x61, 0x3A, 0x20, 0xC3, 0x28]).count == 1)
        #expect(try lines((0...255).map { UInt8($0) }).count == 1)
        #expect(try lines([0x7B, 0xFF], in: "x.json").count == 1)
    }

    @Test func `what is missing, unreadable or no file is one line`() throws {
        let folder = try TemporaryFolder()
        try #require(mkfifo(folder.path + "/pipe.yaml", 0o600) == 0)
        try #require(symlink("nowhere", folder.path + "/broken.yaml") == 0)
        let set = loadManifests(paths: [folder.path, folder.path + "/missing.yaml", "/dev/zero", "a\0b"])
        #expect(
            set.problems.map(\.line) == [
                "\(folder.path)/broken.yaml: error: there is no such file",
                "\(folder.path)/pipe.yaml: error: this is a pipe, not a regular file",
                "\(folder.path)/missing.yaml: error: there is no such file",
                "/dev/zero: error: this is a device, not a regular file",
                "a\\u{0}b: error: a path can't hold a zero byte",
            ])
    }

    @Test func `a name or value that would act on the terminal is shown harmlessly`() throws {
        var loader = ManifestLoader()
        loader.add(
            file: "f\u{1B}[2J.yaml",
            bytes: Array("apiVersion: martlet.dev/v1alpha1\nkind: \"\\e[31mPipeline\\u202e\"\n".utf8))
        let text = loader.finish().rendered(excerpts: true)
        #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
        #expect(!text.unicodeScalars.contains("\u{202E}"))
    }
}

@Suite struct FileURLTests {
    @Test(arguments: [
        ("https://github.com/a/b", "https://github.com/a/b"), ("git@host:a", "git@host:a"),
        ("file:///srv/x", "file:///srv/x"), ("file:/srv/./y/../x/", "file:///srv/x"),
        ("file://localhost/srv/x", "file:///srv/x"), ("file:.", "file://FOLDER"), ("file:repo", "file://FOLDER/repo"),
        ("file:./a/../b", "file://FOLDER/b"), ("file:../../../../../../../..", "file:///"),
        ("FILE:x", "file://FOLDER/x"),
        ("file:my%20repo", "file://FOLDER/my%20repo"),
    ])
    func `a file URL is made absolute from the manifest's folder`(_ url: String, _ expect: String) throws {
        let folder = try TemporaryFolder()
        let found = FileURL.absolute(url, manifest: folder.path + "/ci.yaml")
        #expect(found == expect.replacing("FOLDER", with: folder.path))
        #expect(RepositoryURL.complaint(about: found) == nil || found == "file:///")
    }

    @Test func `a folder's odd characters are escaped, and a link to it is followed`() throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("a b%")
        try #require(symlink("a b%", folder.path + "/link") == 0)
        #expect(FileURL.absolute("file:../x", manifest: folder.path + "/link/ci.yaml") == "file://\(folder.path)/x")
        #expect(
            FileURL.absolute("file:x", manifest: folder.path + "/link/ci.yaml") == "file://\(folder.path)/a%20b%25/x")
    }

    @Test func `every source of a manifest is made absolute`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "ci.yaml",
            """
            apiVersion: martlet.dev/v1alpha1
            kind: Pipeline
            metadata: {name: ci}
            spec: {source: {url: "file:."}, stages: [{name: lint}]}
            ---
            apiVersion: martlet.dev/v1alpha1
            kind: PipelineRun
            metadata: {name: r}
            spec:
              source: {url: "file:../x"}
              pipelineSpec: {source: {url: "file:y"}, stages: [{name: lint}]}
            """)
        let manifests = loadManifests(paths: [folder.path]).manifests.map { $0.withAbsoluteSources() }
        #expect(manifests.first?.pipeline?.spec.source?.url == "file://\(folder.path)")
        #expect(manifests.last?.run?.spec.source?.url == "file:///tmp/x")
        #expect(manifests.last?.run?.spec.pipelineSpec?.source?.url == "file://\(folder.path)/y")
    }
}
