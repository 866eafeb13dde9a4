import HTTPClient
import HTTPTestSupport
import ReportingSupport
import Testing

@testable import Reporting

@Suite struct GitHubQueriesTests {
    /// - Parameter clock: Stands still if it isn't given, so that the limit of a question is met on no machine.
    private func asking<Result: Sendable>(
        _ github: StandIn, clock: ReportingClock = TestTime().clock, _ body: (GitHubQueries) async throws -> Result
    ) async throws -> Result {
        try await withHTTP { http in
            let configuration = GitHubConfiguration(apiURL: github.url, token: Secret("t"))
            let client = GitHubClient(configuration, http: http, version: "1.2")
            return try await body(GitHubQueries(client: client, clock: clock))
        }
    }

    private static func page(_ names: Range<Int>) -> StandIn.Answer {
        StandIn.Answer(body: "[\(names.map { #"{"filename":"f\#($0)"}"# }.joined(separator: ","))]")
    }

    @Test func `the files of a pull request are read page by page, with the former names of renamed ones`() async throws
    {
        let last = StandIn.Answer(body: #"[{"filename":"new","previous_filename":"old"}]"#)
        let github = try StandIn([Self.page(0..<100), last])
        let files = try await asking(github) { await $0.changedFiles(owner: "acme", repo: "app", pullRequest: 7) }
        #expect(files == (0..<100).map { "f\($0)" } + ["new", "old"])
        #expect(
            github.requests.entries.map(\.call) == [
                "GET /repos/acme/app/pulls/7/files?per_page=100&page=1",
                "GET /repos/acme/app/pulls/7/files?per_page=100&page=2",
            ])
    }

    @Test func `a pull request with more files than GitHub lists can't be known`() async throws {
        let github = try StandIn([Self.page(0..<100)])
        let files = try await asking(github) { await $0.changedFiles(owner: "acme", repo: "app", pullRequest: 7) }
        #expect(files == nil)
        #expect(github.requests.entries.count == 30)
    }

    @Test func `a question that takes too long is given up`() async throws {
        let github = try StandIn([Self.page(0..<100)])
        let time = TestTime()
        var clock = time.clock
        clock.now = {
            time.pass(.seconds(1))
            return time.now
        }
        let files = try await asking(github, clock: clock) {
            await $0.changedFiles(owner: "acme", repo: "app", pullRequest: 7)
        }
        #expect(files == nil)
        #expect(github.requests.entries.count == 7)
    }

    @Test(arguments: [
        StandIn.Answer(status: 404), StandIn.Answer(status: 401), StandIn.Answer(status: 500), .cut,
        StandIn.Answer(body: "<html>"),
    ])
    func `where GitHub doesn't say, nothing is concluded`(_ answer: StandIn.Answer) async throws {
        let github = try StandIn([answer])
        let files = try await asking(github) { await $0.changedFiles(owner: "acme", repo: "app", pullRequest: 7) }
        #expect(files == nil)
        let mayPass = answer.status != 404
        do {
            let mayWrite = try await asking(github) {
                try await $0.mayWrite(owner: "acme", repo: "app", user: "ada")
            }
            #expect(mayWrite == nil && !mayPass)
        } catch {
            #expect(mayPass, "\(error)")
        }
    }

    @Test(arguments: [
        ("admin", true), ("write", true), ("maintain", true), ("read", false), ("triage", false), ("none", false),
    ])
    func `who may write is whoever has that permission`(_ permission: String, _ expected: Bool) async throws {
        let github = try StandIn([StandIn.Answer(body: #"{"permission":"\#(permission)"}"#)])
        let answer = try await asking(github) { try await $0.mayWrite(owner: "acme", repo: "app", user: "bot[bot]") }
        #expect(answer == expected)
        let call = "GET /repos/acme/app/collaborators/bot%5Bbot%5D/permission"
        #expect(github.requests.entries.map(\.call) == [call])
    }

    @Test func `names that would lead elsewhere are not asked for`() async throws {
        let github = try StandIn([StandIn.Answer(body: #"{"permission":"admin"}"#)])
        #expect(try await asking(github) { try await $0.mayWrite(owner: "..", repo: "app", user: "ada") } == nil)
        #expect(try await asking(github) { await $0.changedFiles(owner: "a/b", repo: "app", pullRequest: 7) } == nil)
        let encoded = try await asking(github) { try await $0.mayWrite(owner: "acme", repo: "app", user: "../x?y") }
        #expect(encoded == true)
        #expect(github.requests.entries.map(\.target) == ["/repos/acme/app/collaborators/..%2Fx%3Fy/permission"])
    }
}
