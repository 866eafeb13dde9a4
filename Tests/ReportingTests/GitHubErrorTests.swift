import HTTPClient
import Testing

@testable import Reporting

@Suite struct GitHubErrorTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var status: Int
        var headers: HTTPHeaders = [:]
        var body = ""
        var expected: GitHubError?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "made", status: 201, expected: nil),
        Case(name: "a token that isn't valid", status: 401, expected: .unauthorised),
        Case(
            name: "a time to wait", status: 403, headers: ["Retry-After": "40"],
            expected: .limited(seconds: 40, isSecondary: false)),
        Case(
            name: "the hour's requests are used up", status: 403,
            headers: ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1090"],
            expected: .limited(seconds: 91, isSecondary: false)),
        Case(
            name: "a reset that has passed", status: 429,
            headers: ["x-ratelimit-remaining": "0", "x-ratelimit-reset": "5"],
            expected: .limited(seconds: 1, isSecondary: false)),
        Case(
            name: "a secondary limit without a time", status: 403,
            body: #"{"message":"You have exceeded a secondary rate limit."}"#,
            expected: .limited(seconds: 60, isSecondary: true)),
        Case(
            name: "no right", status: 403, headers: ["x-ratelimit-remaining": "4000"],
            body: #"{"message":"Resource not accessible by integration"}"#,
            expected: .refused(status: 403, "Resource not accessible by integration")),
        Case(
            name: "not there", status: 404, body: #"{"message":"Not Found"}"#,
            expected: .refused(status: 404, "Not Found")),
        Case(
            name: "not acceptable", status: 422,
            body: #"{"message":"Validation Failed","errors":[{"message":"No commit found for SHA"}]}"#,
            expected: .refused(status: 422, "Validation Failed: No commit found for SHA")),
        Case(
            name: "GitHub's trouble", status: 502, body: "<html>",
            expected: .retry("GitHub answers 502", mayHaveActed: true)),
    ])
    func errors(_ example: Case) {
        let response = HTTPResponse(
            head: HTTPHead(status: example.status, headers: example.headers), body: Array(example.body.utf8))
        #expect(GitHubError(response, now: 1000, isWrite: true) == example.expected)
    }
}
