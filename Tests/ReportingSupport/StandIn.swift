package import Document
package import HTTPTestSupport
internal import Synchronization

/// A server that answers as the test says and keeps each request.
package final class StandIn: Sendable {
    package struct Answer: Sendable {
        package var status: Int
        package var headers: [String]
        package var body: String
        package var kind: Kind

        package init(status: Int = 200, headers: [String] = [], body: String = "{}", kind: Kind = .answered) {
            self.status = status
            self.headers = headers
            self.body = body
            self.kind = kind
        }

        package enum Kind: Sendable {
            case answered
            /// The connection breaks.
            case cut
            /// Nothing comes until the client gives up.
            case silent
        }

        package static let cut = Answer(kind: .cut)
        package static let silent = Answer(kind: .silent)
    }

    package let requests = Journal<ReceivedRequest>()
    private let server: ScriptedServer

    /// - Parameter answer: Called with each request and how many came before it.
    package init(_ answer: @escaping @Sendable (ReceivedRequest, Int) -> Answer) throws {
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
    package convenience init(_ answers: [Answer]) throws {
        try self.init { _, number in answers[min(number, answers.count - 1)] }
    }

    package var url: String { server.url }
    package var host: String { "127.0.0.1:\(server.port)" }
}

extension ReceivedRequest {
    /// The body, which has to be JSON.
    package var json: Node {
        get throws { try parseJSON(body) }
    }

    /// `POST /path`.
    package var call: String { "\(method) \(target)" }
}
