import Kafka
import Synchronization

/// What the channels of both sides do with the link.
extension KafkaLink {
    /// Adds a user, whose sessions come out of the stream: the present one at once, then each new one. Nil when the link
    /// is ending. The link lasts until `leave`.
    func join(_ callbacks: Callbacks) -> (user: Int, sessions: AsyncStream<LinkSession>)? {
        // Only the newest session is of use.
        let (sessions, continuation) = AsyncStream<LinkSession>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let user: Int? = state.withLock { state in
            if state.isEnding { return nil }
            state.lastUser += 1
            state.callbacks[state.lastUser] = callbacks
            state.watchers[state.lastUser] = continuation
            if let session = state.session { continuation.yield(session) }
            return state.lastUser
        }
        return user.map { ($0, sessions) }
    }

    func leave(_ user: Int) async {
        await withCheckedContinuation { continuation in
            put(.unsubscribe(user: user, reply: { continuation.resume() }))
        }
        expect(false, by: user)
        let ending = state.withLock { state in
            state.callbacks[user] = nil
            state.watchers.removeValue(forKey: user)?.finish()
            guard state.watchers.isEmpty else { return nil as CheckedContinuation<Void, Never>? }
            defer { state.ending = nil }
            return state.ending
        }
        ending?.resume()
    }

    func subscribe(_ starts: [KafkaStart], in session: LinkSession, user: Int) async throws(KafkaError) {
        let result: Result<Void, KafkaError> = await withCheckedContinuation { continuation in
            put(.subscribe(starts, session, user: user, reply: { continuation.resume(returning: $0) }))
        }
        try result.get()
    }

    var isEnding: Bool { state.withLock { $0.isEnding } }

    func isCurrent(_ session: LinkSession) -> Bool { state.withLock { $0.session === session } }

    /// Calls `reached`, on the consumer's thread or here, once everything below these ends has been dispatched. Never
    /// if the session ends before.
    func mark(_ ends: [KafkaOffset], in session: LinkSession, user: Int, reached: @escaping @Sendable () -> Void) {
        let calls = state.withLock { state in
            state.session === session ? state.routes.mark(ends, for: user, reached: reached) : []
        }
        for call in calls { call() }
    }

    func expect(_ expected: Bool, by user: Int) {
        let isSlow = state.withLock { state in
            state.pace.expect(expected, by: user, now: .now)
            return !state.pace.isQuick
        }
        if expected, isSlow { put(.setPace) }
    }
}
