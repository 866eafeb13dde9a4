import Document
import HTTPClient
import HTTPTestSupport
import Synchronization
import Testing

/// A server that answers as the test says and keeps each request.
final class StandIn: Sendable {
    struct Answer: Sendable {
        var status = 200
        var headers: [String] = []
        var body = "{}"
        var kind = Kind.answered

        enum Kind {
            case answered
            /// The connection breaks.
            case cut
            /// Nothing comes until the client gives up.
            case silent
        }

        static let cut = Answer(kind: .cut)
        static let silent = Answer(kind: .silent)
    }

    let requests = Journal<ReceivedRequest>()
    private let server: ScriptedServer

    /// - Parameter answer: Called with each request and how many came before it.
    init(_ answer: @escaping @Sendable (ReceivedRequest, Int) -> Answer) throws {
        let requests = requests
        let counter = Mutex(0)
        server = try ScriptedServer { connection in
            while let request = connection.request() {
                let number = counter.withLock { number in
                    defer { number += 1 }
                    return number
                }
                let answer = answer(request, number)
                requests.append(request)
                switch answer.kind {
                case .answered: connection.respond(answer.status, headers: answer.headers, answer.body)
                case .cut: return
                case .silent: return connection.waitForEnd()
                }
            }
        }
    }

    /// Answers in order, the last one for ever.
    convenience init(_ answers: [Answer]) throws {
        try self.init { _, number in answers[min(number, answers.count - 1)] }
    }

    var url: String { server.url }
    var host: String { "127.0.0.1:\(server.port)" }
}

extension ReceivedRequest {
    /// The body, which has to be JSON.
    var json: Node {
        get throws { try parseJSON(body) }
    }

    /// `POST /path`.
    var call: String { "\(method) \(target)" }
}

/// Lends a client and closes it.
func withHTTP<Result: Sendable>(_ body: (HTTPClient) async throws -> Result) async throws -> Result {
    let http = try HTTPClient(HTTPClientSettings(proxy: .none))
    do {
        let result = try await body(http)
        await http.close()
        return result
    } catch {
        await http.close()
        throw error
    }
}
