import Execution
import Testing

@Suite struct GitURLTests {
    @Test(arguments: [
        ("https://github.com/apple/swift.git", "github.com/apple/swift"),
        ("https://token@GitHub.com/apple/swift", "github.com/apple/swift"),
        ("ssh://git@github.com/apple/swift.git", "github.com/apple/swift"),
        ("git@github.com:apple/swift.git", "github.com/apple/swift"),
        ("http://127.0.0.1:8080/a/b.git/", "127.0.0.1:8080/a/b"),
        ("file:///srv/repo.git", "/srv/repo"),
        ("/srv/repo", "/srv/repo"),
    ])
    func oneRepositoryHasOneNormalisedAddress(_ address: String, _ normalised: String) throws {
        #expect(try GitURL(address).normalised == normalised)
    }

    @Test(arguments: [
        "", "-oProxyCommand=evil", "--upload-pack=evil", "ext::sh -c evil", "ssh://-oProxyCommand=evil/x",
        "-x@host:repo", "ftp://host/x", "https:///x", "https://host", "https://host/a b", "relative/path",
        "https://host/\nx",
    ])
    func whatCouldMeanSomethingElseIsRefused(_ address: String) {
        #expect(throws: GitError.self) { try GitURL(address) }
    }

    @Test func transportsThatAreNotAllowedAreRefused() {
        #expect(throws: GitError.transportNotAllowed(url: "/srv/x")) { try GitURL("/srv/x", allowing: [.https]) }
    }

    @Test func aPasswordIsTakenOutOfTheAddress() throws {
        let url = try GitURL("https://me:p%40ss@host/x.git")
        #expect(url.text == "https://host/x.git")
        #expect(url.password == GitCredentials(username: "me", password: "p@ss"))
        let error = #expect(throws: GitError.self) { try GitURL("https://me:secret@host/a b") }
        #expect(error?.description.contains("secret") == false)
    }

    @Test(arguments: [
        "-x", "a..b", "a b", "a~1", "HEAD^", "a:b", "a@{1}", "/a", "a/", "a.lock", ".a/b", "a//b", "a\nb",
        "refs/heads/-\u{7F}",
    ])
    func revisionsThatAreNoNamesAreRefused(_ text: String) {
        #expect(throws: GitError.self) { try GitRevision(text) }
    }

    @Test func wholeCommitsAreTold() throws {
        let commit = String(repeating: "Ab", count: 20)
        #expect(try GitRevision(commit) == .commit(commit.lowercased()))
        #expect(try GitRevision("abc1234") == .name("abc1234"))
        #expect(try GitRevision("refs/pull/3/head") == .ref("refs/pull/3/head"))
        #expect(try GitRevision(nil) == .ref("HEAD"))
    }
}
