import Document
import Testing

@testable import KubernetesAPI

@Suite struct StatusTests {
    @Test func `a Status is read with its causes`() {
        let text = """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Pod \\"x\\" is invalid",
            "reason":"Invalid","details":{"name":"x","kind":"Pod","retryAfterSeconds":3,"causes":[
            {"reason":"FieldValueInvalid","message":"must be no more than 63 characters","field":"metadata.name"},
            {"reason":"FieldValueRequired"}]},"code":422}
            """
        let status = APIStatus(code: 422, body: Array(text.utf8))
        #expect(
            status
                == APIStatus(
                    code: 422, reason: "Invalid", message: "Pod \"x\" is invalid",
                    causes: [
                        .init(
                            reason: "FieldValueInvalid", message: "must be no more than 63 characters",
                            field: "metadata.name"),
                        .init(reason: "FieldValueRequired", message: "", field: ""),
                    ], retryAfterSeconds: 3))
        #expect(status.description == "Pod \"x\" is invalid (Invalid, 422)")
    }

    @Test func `an ERROR event's object is read, and other objects aren't`() throws {
        let gone = try parseJSON(
            #"{"kind":"Status","status":"Failure","message":"too old","reason":"Expired","code":410}"#)
        #expect(APIStatus(gone) == APIStatus(code: 410, reason: "Expired", message: "too old"))
        #expect(APIStatus(try parseJSON(#"{"kind":"Pod","code":410}"#)) == nil)
        #expect(APIStatus(try parseJSON("[]")) == nil)
        #expect(APIStatus(try parseJSON(#"{"kind":"Status"}"#)) == APIStatus(code: 0))
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var code: Int
        var body: String
        var retryAfter: String?
        var expect: APIStatus
    }

    private static let cases = [
        Case(
            testDescription: "a proxy's page", code: 502, body: "<html>\n<h1>Bad Gateway</h1>",
            expect: APIStatus(code: 502, message: "the server answered 502: <html> <h1>Bad Gateway</h1>")),
        Case(
            testDescription: "a long page is cut", code: 500, body: String(repeating: "x", count: 100_000),
            expect: APIStatus(
                code: 500, reason: "InternalError",
                message: "the server answered 500: \(String(repeating: "x", count: 60))…")),
        Case(
            testDescription: "nothing", code: 503, body: " \n",
            expect: APIStatus(
                code: 503, reason: "ServiceUnavailable", message: "the server answered 503 without a word")),
        Case(
            testDescription: "JSON that is no Status", code: 401, body: #"{"error":"nope"}"#,
            expect: APIStatus(
                code: 401, reason: "Unauthorized", message: #"the server answered 401: {"error":"nope"}"#)),
        Case(
            testDescription: "not even UTF-8's beginning", code: 500, body: "\u{0}\u{1B}[31m",
            expect: APIStatus(
                code: 500, reason: "InternalError", message: "the server answered 500:   [31m")),
        Case(
            testDescription: "Retry-After counts above the Status", code: 429,
            body:
                #"{"kind":"Status","reason":"TooManyRequests","message":"slow","code":429,"details":{"retryAfterSeconds":1}}"#,
            retryAfter: "9",
            expect: APIStatus(code: 429, reason: "TooManyRequests", message: "slow", retryAfterSeconds: 9)),
        Case(
            testDescription: "a Retry-After that is a date is not understood", code: 429, body: "later",
            retryAfter: "Wed, 21 Oct 2026 07:28:00 GMT",
            expect: APIStatus(code: 429, reason: "TooManyRequests", message: "the server answered 429: later")),
        Case(
            testDescription: "the answer's code counts above the Status's", code: 409,
            body: #"{"kind":"Status","message":"m","code":200}"#, expect: APIStatus(code: 409, message: "m")),
    ]

    @Test(arguments: cases) func `whatever is answered becomes a status`(_ example: Case) {
        let status = APIStatus(code: example.code, body: Array(example.body.utf8), retryAfter: example.retryAfter)
        #expect(status == example.expect)
    }

    @Test func `a query is percent-encoded`() {
        let request = APIRequest(
            .get, "/apis/martlet.dev/v1alpha1/pipelineruns",
            query: [.init("watch", "1"), .init("labelSelector", "a=b,c in (ä &/?#+%)")])
        #expect(
            request.target
                == "/apis/martlet.dev/v1alpha1/pipelineruns?watch=1"
                + "&labelSelector=a%3Db%2Cc%20in%20%28%C3%A4%20%26%2F%3F%23%2B%25%29")
        #expect(APIRequest(.get, "/api").target == "/api")
    }

    @Test(
        arguments: [("300", 330), ("0", 30), ("-5", 30), ("999999999999", 86_430), ("soon", nil)] as [(String, Int?)])
    func `a watch may be silent for as long as it lasts, and a little longer`(_ value: String, _ silence: Int?) {
        let query = [APIRequest.Parameter("watch", "1"), APIRequest.Parameter("timeoutSeconds", value)]
        #expect(APIRequest(.get, "/api", query: query).longestSilence == silence)
        #expect(APIRequest(.get, "/api", query: [query[0]]).longestSilence == nil)
    }

    @Test func `counters give what there was, by method and outcome`() {
        var counters = RequestCounters()
        counters.count(.put, .success)
        counters.count(.put, .success)
        counters.count(.get, RequestCounters.Outcome(code: 404))
        counters.count(.get, .noAnswer)
        #expect(
            counters.lines == [
                .init(method: .get, outcome: .clientError, count: 1),
                .init(method: .get, outcome: .noAnswer, count: 1),
                .init(method: .put, outcome: .success, count: 2),
            ])
        #expect(counters[.put, .success] == 2 && counters[.post, .success] == 0)
    }
}
