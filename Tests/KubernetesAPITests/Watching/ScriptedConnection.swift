import Synchronization

@testable import KubernetesAPI

/// A server that gives one answer after the other, whatever is asked, and then none until the task is cancelled.
final class ScriptedConnection: APIConnection {
    struct Answer: Sendable {
        enum Kind: Sendable {
            case whole(String)
            case failure(APIError)
            /// A stream of pieces that ends in order, or is cut.
            case pieces([[UInt8]], isCut: Bool)
        }

        var kind: Kind
        var before: @Sendable () -> Void = {}

        static func answer(_ text: String, before: @escaping @Sendable () -> Void = {}) -> Answer {
            Answer(kind: .whole(text), before: before)
        }

        static func failure(_ error: APIError) -> Answer { Answer(kind: .failure(error)) }

        static func stream(_ lines: [String], before: @escaping @Sendable () -> Void = {}) -> Answer {
            Answer(kind: .pieces(lines.map { Array($0.utf8) }, isCut: false), before: before)
        }

        static func cut(_ bytes: [UInt8]) -> Answer { Answer(kind: .pieces([bytes], isCut: true)) }
    }

    private struct State {
        var answers: [Answer]
        var requests: [String] = []
    }

    private let state: Mutex<State>
    private let (played, player) = AsyncStream<Void>.makeStream()

    init(_ answers: [Answer]) {
        state = Mutex(State(answers: answers))
    }

    /// Path and query of each.
    var requests: [String] { state.withLock { $0.requests } }

    /// Returns when more has been asked for than there are answers.
    func untilPlayed() async { for await _ in played {} }

    private func next(_ request: APIRequest) async throws(APIError) -> Answer.Kind {
        let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        let answer = state.withLock { state -> Answer? in
            state.requests.append(request.path + (query.isEmpty ? "" : "?\(query)"))
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        guard let answer else {
            player.finish()
            try? await Task.sleep(for: .seconds(3600))
            throw APIError.unreachable("the script has ended")
        }
        answer.before()
        if case .failure(let error) = answer.kind { throw error }
        return answer.kind
    }

    func send(_ request: APIRequest) async throws(APIError) -> [UInt8] {
        guard case .whole(let text) = try await next(request) else { throw .unusable("the script has a stream here") }
        return Array(text.utf8)
    }

    func stream(_ request: APIRequest) async throws(APIError) -> any APIStream {
        guard case .pieces(let pieces, let isCut) = try await next(request) else {
            throw .unusable("the script has a whole answer here")
        }
        return Pieces(pieces, isCut: isCut)
    }

    private final class Pieces: APIStream {
        private let rest: Mutex<[[UInt8]]>
        private let isCut: Bool

        init(_ pieces: [[UInt8]], isCut: Bool) {
            rest = Mutex(pieces)
            self.isCut = isCut
        }

        func next() async throws(APIError) -> [UInt8]? {
            if let piece = rest.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return piece }
            if isCut { throw .unreachable("cut") }
            return nil
        }

        func cancel() { rest.withLock { $0 = [] } }
    }
}
