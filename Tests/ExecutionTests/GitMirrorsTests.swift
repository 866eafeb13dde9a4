import Execution
import Glibc
import Testing

/// A repository made for a test.
struct SampleRepository: Sendable {
    let folder: TestFolder
    let path: String

    init(in folder: TestFolder, named name: String = "origin") async throws {
        self.folder = folder
        path = "\(folder.path)/\(name)"
        try FileSystem.makeFolder(path)
        try await git("init", "--quiet", "--initial-branch=main")
    }

    @discardableResult
    func git(_ arguments: String...) async throws -> String {
        let environment = [
            "PATH": testPath, "HOME": folder.path, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com",
        ]
        let result = try await Command("git", arguments, environment: environment, workingDirectory: path).capture()
        try #require(result.exit.isSuccess, "git \(arguments): \(result.errorText)")
        return result.outputText.split(separator: "\n").first.map(String.init) ?? ""
    }

    /// Commits a file and returns the commit.
    func commit(_ text: String, to name: String = "file") async throws -> String {
        try FileSystem.write(Array(text.utf8), to: "\(path)/\(name)", mode: 0o644)
        try await git("add", "--all")
        try await git("commit", "--quiet", "--message", text)
        return try await git("rev-parse", "HEAD")
    }
}

func mirrors(in folder: TestFolder, limitBytes: Int64 = 1 << 30) -> GitMirrors {
    GitMirrors(
        folder: "\(folder.path)/state", environment: ["PATH": testPath], allowed: [.file, .http, .https, .ssh],
        limitBytes: limitBytes)
}

@Suite struct GitMirrorsTests {
    @Test func refsAreResolvedToCommits() async throws {
        try await withFolder { folder in
            let repository = try await SampleRepository(in: folder)
            let first = try await repository.commit("one")
            try await repository.git("tag", "light")
            try await repository.git("tag", "--annotate", "v1", "--message", "v1")
            try await repository.git("branch", "v2")
            let second = try await repository.commit("two")
            try await repository.git("tag", "v2")
            try await repository.git("update-ref", "refs/pull/7/head", first)
            let mirrors = mirrors(in: folder)
            for (ref, commit) in [
                (nil, second), ("HEAD", second), ("main", second), ("refs/heads/main", second), ("light", first),
                // an annotated tag is peeled, and a branch comes before a tag
                ("v1", first), ("refs/tags/v1", first), ("v2", first), ("refs/tags/v2", second),
                ("refs/pull/7/head", first), (first, first), (String(first.prefix(8)), first),
            ] as [(String?, String)] {
                #expect(try await mirrors.resolve(repository.path, ref: ref).commit == commit, "\(ref ?? "nil")")
            }
            await #expect(throws: GitError.missingRevision(url: repository.path, revision: "nope")) {
                try await mirrors.resolve(repository.path, ref: "nope")
            }
            await #expect(throws: GitError.missingRevision(url: repository.path, revision: "0123abcd")) {
                try await mirrors.resolve(repository.path, ref: "0123abcd")
            }
        }
    }

    @Test(arguments: [
        ("https://example.com/a.git", String(repeating: "A", count: 40), true),
        ("https://example.com/a.git", String(repeating: "0", count: 64), true),
        // what resolving would refuse, or ask for
        ("ext::sh -c id", String(repeating: "a", count: 40), false),
        ("git://example.com/a.git", String(repeating: "a", count: 40), false),
        ("https://example.com/a.git", String(repeating: "a", count: 39), false),
        ("https://example.com/a.git", "main", false), ("https://example.com/a.git", nil, false),
    ])
    func aWholeCommitIsKnownWithoutAsking(url: String, ref: String?, isKnown: Bool) async throws {
        try await withFolder { folder in
            #expect(mirrors(in: folder).commit(ref, of: url) == (isKnown ? ref?.lowercased() : nil))
        }
    }

    @Test func aCommitIsFetchedOnceAndCheckedOutExactly() async throws {
        try await withFolder { folder in
            let repository = try await SampleRepository(in: folder)
            let first = try await repository.commit("one")
            let second = try await repository.commit("two")
            let mirrors = mirrors(in: folder)
            #expect(try await mirrors.checkOut("file://\(repository.path)", commit: first, into: "\(folder.path)/a"))
            #expect(try folder.read("a/file") == "one")
            #expect(try await !mirrors.checkOut(repository.path, commit: second, into: "\(folder.path)/b"))
            #expect(try folder.read("b/file") == "two")
            #expect(try folder.read("b/.git/HEAD") == "\(second)\n")
            // The mirror is nobody's business.
            #expect(try folder.read("b/.git/config").contains("url = \(repository.path)\n"))
            #expect(!FileSystem.exists("\(folder.path)/b/.git/objects/info/alternates"))
            let third = try await repository.commit("three")
            #expect(try await mirrors.checkOut(repository.path, commit: third, into: "\(folder.path)/c"))
            #expect(mirrors.cachedRepositories() == [repository.path])
        }
    }

    @Test func aPullRequestsCommitIsFound() async throws {
        try await withFolder { folder in
            let repository = try await SampleRepository(in: folder)
            try await repository.git("checkout", "--quiet", "--orphan", "side")
            let side = try await repository.commit("from a fork")
            try await repository.git("update-ref", "refs/pull/7/head", side)
            try await repository.git("checkout", "--quiet", "--orphan", "main2")
            _ = try await repository.commit("main")
            try await repository.git("branch", "-D", "side")
            let mirrors = mirrors(in: folder)
            try await mirrors.checkOut(
                repository.path, commit: side, ref: "refs/pull/7/head", into: "\(folder.path)/a")
            #expect(try folder.read("a/file") == "from a fork")
        }
    }

    @Test func aCommitThatIsNotThereIsNamed() async throws {
        try await withFolder { folder in
            let repository = try await SampleRepository(in: folder)
            _ = try await repository.commit("one")
            let missing = String(repeating: "1", count: 40)
            let mirrors = mirrors(in: folder)
            let error = await #expect(throws: GitError.self) {
                try await mirrors.checkOut(repository.path, commit: missing, into: "\(folder.path)/a")
            }
            #expect(error == .missingRevision(url: repository.path, revision: missing))
            #expect(error?.description == "\(repository.path) has no branch, tag or commit `\(missing)`")
            #expect(error?.isRetriable == false)
        }
    }

    @Test func aRepositoryThatIsNotThereIsTold() async throws {
        try await withFolder { folder in
            let mirrors = mirrors(in: folder)
            await #expect(throws: GitError.repositoryNotFound(url: "/no/such/repository")) {
                try await mirrors.resolve("/no/such/repository", ref: "main")
            }
            let error = await #expect(throws: GitError.self) {
                // Nothing listens on the discard port.
                try await mirrors.resolve("http://127.0.0.1:9/x", ref: "main")
            }
            #expect(error?.isRetriable == true)
        }
    }

    @Test func aDamagedMirrorIsMadeAnew() async throws {
        try await withFolder { folder in
            let repository = try await SampleRepository(in: folder)
            let commit = try await repository.commit("one")
            let mirrors = mirrors(in: folder)
            try await mirrors.checkOut(repository.path, commit: commit, into: "\(folder.path)/a")
            let name = try #require(FileSystem.names(in: "\(folder.path)/state/mirrors").first)
            let objects = "\(folder.path)/state/mirrors/\(name)/objects"
            for entry in FileSystem.names(in: objects) where entry.utf8.count == 2 {
                for file in FileSystem.names(in: "\(objects)/\(entry)") {
                    chmod("\(objects)/\(entry)/\(file)", 0o600)
                    try FileSystem.write(Array("garbage".utf8), to: "\(objects)/\(entry)/\(file)")
                }
            }
            #expect(try await mirrors.checkOut(repository.path, commit: commit, into: "\(folder.path)/b"))
            #expect(try folder.read("b/file") == "one")
            // And one that is no repository at all.
            try FileSystem.write(Array("garbage".utf8), to: "\(folder.path)/state/mirrors/\(name)/HEAD")
            try FileSystem.write(Array("garbage".utf8), to: "\(folder.path)/state/mirrors/\(name)/config")
            #expect(try await mirrors.checkOut(repository.path, commit: commit, into: "\(folder.path)/c"))
        }
    }

    @Test func manySlotsShareOneFetch() async throws {
        try await withFolder { folder in
            let repository = try await SampleRepository(in: folder)
            let commit = try await repository.commit("one")
            let mirrors = mirrors(in: folder)
            let fetches = try await withThrowingTaskGroup(of: Bool.self) { group in
                for slot in 0..<6 {
                    group.addTask {
                        try await mirrors.checkOut(repository.path, commit: commit, into: "\(folder.path)/\(slot)")
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(fetches == 1)
            for slot in 0..<6 { #expect(try folder.read("\(slot)/file") == "one") }
        }
    }

    @Test func mirrorsAreRemovedOldestFirst() async throws {
        try await withFolder { folder in
            let mirrors = mirrors(in: folder, limitBytes: 0)
            let repository = try await SampleRepository(in: folder)
            let commit = try await repository.commit("one")
            try await mirrors.checkOut(repository.path, commit: commit, into: "\(folder.path)/a")
            await mirrors.prune()
            #expect(mirrors.cachedRepositories() == [])
            #expect(try await mirrors.checkOut(repository.path, commit: commit, into: "\(folder.path)/b"))
        }
    }

    @Test func hooksAndSettingsOfARepositoryOrUserHaveNoSay() async throws {
        try await withFolder { folder in
            let repository = try await SampleRepository(in: folder)
            let commit = try await repository.commit("one")
            try folder.write(
                "#!/bin/sh\ntouch \(folder.path)/hooked\n", to: "origin/.git/hooks/post-checkout", mode: 0o755)
            try folder.write("[core]\n\thooksPath = \(repository.path)/.git/hooks\n", to: "state/.gitconfig")
            try await mirrors(in: folder).checkOut(repository.path, commit: commit, into: "\(folder.path)/a")
            #expect(!FileSystem.exists("\(folder.path)/hooked"))
            #expect(FileSystem.names(in: "\(folder.path)/a/.git/hooks") == [])
        }
    }
}
