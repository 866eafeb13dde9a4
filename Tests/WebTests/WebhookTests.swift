import Controller
import Document
import Model
import NIOCore
import Synchronization
import Testing

@testable import Web

@Suite("The webhook's path")
struct WebhookTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var status: Int
        var event: String? = "push"
        var id: String? = "d-1"
        var type: String? = "application/json"
        var signature: String?
        var isSigned = true
        var body: String = Sample.push()

        init(_ name: String, _ status: Int, _ change: (inout Case) -> Void = { _ in }) {
            testDescription = name
            self.status = status
            change(&self)
        }

        var headers: [(String, String)] {
            let signature = isSigned ? signature ?? TestServer.signature(Array(body.utf8)) : nil
            return [
                ("X-GitHub-Event", event), ("X-GitHub-Delivery", id), ("Content-Type", type),
                ("X-Hub-Signature-256", signature),
            ].compactMap { name, value in value.map { (name, $0) } }
        }
    }

    private static let cases = [
        Case("as it should be", 202),
        Case("with a charset", 202) { $0.type = "Application/JSON; charset=utf-8" },
        Case("as a form", 202) { example in
            example.type = "application/x-www-form-urlencoded"
            example.body =
                "a=b&payload="
                + Sample.push().replacing("+", with: "%2B").replacing("&", with: "%26")
                .replacing("/", with: "%2f").replacing(" ", with: "+")
        },
        Case("ping", 200) { example in
            example.event = "ping"
            example.body = #"{"zen":"x"}"#
        },
        Case("an event that nothing acts upon", 200) { $0.event = "star" },
        Case("not signed", 401) { $0.isSigned = false },
        Case("signed with another secret", 401) { example in
            example.signature = TestServer.signature(Array(example.body.utf8), secret: "another-secret-altogether")
        },
        Case("signed otherwise", 401) { $0.signature = "sha1=abc" },
        Case("wrongly signed and no JSON: nothing is parsed", 401) { example in
            example.signature = TestServer.signature([])
            example.body = "{"
        },
        Case("no event", 400) { $0.event = nil },
        Case("no delivery", 400) { $0.id = nil },
        Case("a delivery of other characters", 400) { $0.id = "a<b>" },
        Case("a delivery that is too long", 400) { $0.id = String(repeating: "a", count: 129) },
        Case("no content type", 415) { $0.type = nil },
        Case("another content type", 415) { $0.type = "text/plain" },
        Case("no JSON", 400) { $0.body = "hello" },
        Case("nothing", 400) { $0.body = "" },
        Case("truncated", 400) { $0.body = String(Sample.push().dropLast(40)) },
        Case("a list", 400) { $0.body = "[]" },
        Case("a field twice", 400) { $0.body = #"{"ref":1,"ref":2}"# },
        Case("too deep", 400) {
            $0.body = String(repeating: #"{"a":"#, count: 100) + "1" + String(repeating: "}", count: 100)
        },
        Case("too many values", 400) { $0.body = "{\"a\":[" + String(repeating: "0,", count: 1_000_000) + "0]}" },
        Case("no form field", 400) { example in
            example.type = "application/x-www-form-urlencoded"
            example.body = "x=1&payloads=2"
        },
        Case("a broken form", 400) { example in
            example.type = "application/x-www-form-urlencoded"
            example.body = "payload=%7"
        },
        Case("not as GitHub speaks", 400) { $0.body = "{}" },
    ]

    @Test func `each delivery gets the answer that its sender understands`() async throws {
        var server = try TestServer()
        server.desk = FakeDesk(pipelines: [Sample.pipeline()])
        try await server.serve { port async throws in
            for example in Self.cases {
                let response = try await RawClient.request(
                    port, "POST", "/webhooks/github", headers: example.headers, body: Array(example.body.utf8))
                #expect(response?.status == example.status, "\(example.testDescription): \(response?.body ?? "")")
                let answer = try parseJSON(response?.body ?? "")
                #expect((answer["error"] != nil) == (example.status >= 400), "\(example.testDescription)")
            }
        }
        #expect(server.desk.runs.count == 1)
    }

    @Test func `an answer says which runs were made`() async throws {
        var server = try TestServer()
        server.desk = FakeDesk(pipelines: [Sample.pipeline()])
        let name = NameHash.run(of: "app", for: "d-1")
        let response = try await server.serve { try await TestServer.deliver($0, "push", Sample.push()) }
        #expect(
            response?.body
                == #"{"delivery":"d-1","event":"push","runs":[{"name":"\#(name)","outcome":"made"}]}"#)
    }

    @Test func `the same delivery five times at once makes one run`() async throws {
        var server = try TestServer()
        server.desk = FakeDesk(pipelines: [Sample.pipeline()])
        let outcomes = try await server.serve { port async throws in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        let response = try await TestServer.deliver(port, "push", Sample.push())
                        let answer = try parseJSON(response?.body ?? "")
                        return answer["runs"]?.array?.first?["outcome"]?.string ?? ""
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(outcomes.sorted() == ["exists", "exists", "exists", "exists", "made"])
        #expect(server.desk.runs.count == 1)
    }

    @Test func `without a secret everything is refused, unless it needn't be signed`() async throws {
        var server = try TestServer()
        server.settings.secrets = WebhookSecrets()
        let body = Array(Sample.push().utf8)
        func statuses() async throws -> [Int?] {
            try await server.serve { port async throws in
                let unsigned = TestServer.headers("push", body).filter { $0.0 != "X-Hub-Signature-256" }
                return [
                    try await RawClient.request(port, "POST", "/webhooks/github", headers: unsigned, body: body)?
                        .status,
                    try await TestServer.deliver(port, "push", Sample.push())?.status,
                ]
            }
        }
        #expect(try await statuses() == [401, 401])
        server.settings.allowsUnsigned = true
        #expect(try await statuses() == [200, 200])
        // A signature that is there has to be right all the same.
        server.settings.secrets = try WebhookSecrets(text: "another-secret-altogether")
        #expect(try await statuses() == [200, 401])
    }

    @Test func `both secrets are good while one is being replaced`() async throws {
        var server = try TestServer()
        server.settings.secrets = try WebhookSecrets(text: "another-secret-altogether\n\(TestServer.secret)")
        let response = try await server.serve { try await TestServer.deliver($0, "ping", "{}") }
        #expect(response?.status == 200)
    }

    @Test func `a body that is too large is refused, announced or not`() async throws {
        var server = try TestServer()
        server.settings.limits.bodyBytes = 10_000
        try await server.serve { port async throws in
            let headers = TestServer.headers("push", [])
            let announced = try await RawClient.response(
                port, sending: RawClient.head("POST", "/webhooks/github", headers, count: 10_001, closes: false))
            #expect(announced?.status == 413)
            #expect(announced?.headers["connection"] == "close")
            let chunked = RawClient.head(
                "POST", "/webhooks/github", headers + [("Transfer-Encoding", "chunked")], count: nil, closes: false)
            let chunk = Array("1000\r\n".utf8) + Array(repeating: 0x20, count: 4096) + Array("\r\n".utf8)
            let response = try await RawClient.response(port, sending: chunked + chunk + chunk + chunk)
            #expect(response?.status == 413)
        }
    }

    @Test func `large bodies that find no room together are asked to come again`() async throws {
        var server = try TestServer()
        server.settings.limits.smallBodyBytes = 100
        server.settings.limits.allBodiesBytes = 200
        try await server.serve { port async throws in
            let large = "{\"a\":\"\(String(repeating: "x", count: 300))\"}"
            let refused = try await TestServer.deliver(port, "ping", large)
            #expect(refused?.status == 503)
            #expect(refused?.headers["retry-after"] == "5")
            // What they have taken is given back.
            for _ in 0..<3 {
                let larger = "{\"a\":\"\(String(repeating: "x", count: 120))\"}"
                #expect(try await TestServer.deliver(port, "ping", larger)?.status == 200)
            }
        }
    }

    @Test func `a payload cut at any byte is refused, and never more than that`() async throws {
        var server = try TestServer()
        server.desk = FakeDesk(pipelines: [Sample.pipeline()])
        let settings = server.settings
        let webhook = Webhook(
            settings: settings, desk: server.desk, view: server.board, ports: server.ports, logger: TestServer.silent)
        for (event, sample) in [
            ("push", Sample.push()), ("pull_request", Sample.pullRequest()),
            ("issue_comment", Sample.comment("/retest")),
        ] {
            let bytes = Array(sample.utf8)
            for count in bytes.indices {
                var delivery = Delivery(event: event, id: "d-\(count)", contentType: "application/json")
                delivery.body.writeBytes(bytes[..<count])
                delivery.signature = TestServer.signature(Array(bytes[..<count]))
                #expect(await webhook.answer(to: delivery).status == 400, "\(event) cut at \(count)")
            }
        }
        #expect(server.desk.runs == [])
    }

    @Test func `metrics are told events by a closed list of names`() async throws {
        let told = Mutex<[String]>([])
        var server = try TestServer()
        server.ports.meters.delivery = { event, status, seconds in
            told.withLock { $0.append("\(event) \(status) \(seconds >= 0)") }
        }
        try await server.serve { port async throws in
            _ = try await TestServer.deliver(port, "ping", "{}")
            _ = try await TestServer.deliver(port, "made_up_by_somebody", "{}")
            _ = try await RawClient.request(port, "POST", "/webhooks/github", body: [])
        }
        #expect(told.withLock { $0 } == ["ping 200 true", "other 200 true", "none 401 true"])
    }

    @Test func `a line is logged for refusals at most every ten seconds, with their number`() {
        let log = RefusalLog()
        let start = ContinuousClock.now
        #expect(log.note(at: start) == 1)
        #expect(log.note(at: start + .seconds(1)) == nil)
        #expect(log.note(at: start + .seconds(9)) == nil)
        #expect(log.note(at: start + .seconds(10)) == 3)
    }
}
