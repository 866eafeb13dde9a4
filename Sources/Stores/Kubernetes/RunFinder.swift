internal import KubernetesAPI
internal import Model
internal import Synchronization

/// Lets all who look for a run at the same time share one look at all runs.
///
/// Whoever comes while somebody looks waits for the next look, which begins after it has come: what it is told is no
/// older than its question.
final class RunFinder: Sendable {
    typealias Answer = Result<PipelineRun?, APIError>
    typealias Look = @Sendable (Set<String>) async throws(APIError) -> [String: PipelineRun]

    private struct Question {
        var uid: String
        var continuation: CheckedContinuation<Answer, Never>
    }

    private struct State {
        var questions: [Question] = []
        var isLooking = false
    }

    private let state = Mutex(State())

    /// - Parameter look: Finds the runs with those UIDs among all that there are.
    func find(_ uid: String, look: @escaping Look) async throws(APIError) -> PipelineRun? {
        let answer: Answer = await withCheckedContinuation { continuation in
            let mustLook = state.withLock { state in
                state.questions.append(Question(uid: uid, continuation: continuation))
                if state.isLooking { return false }
                state.isLooking = true
                return true
            }
            // Not a child of the first who asked: others wait for it too, and it ends when nobody does.
            if mustLook { Task { await self.lookForAll(look) } }
        }
        return try answer.get()
    }

    private func lookForAll(_ look: Look) async {
        while true {
            let questions = state.withLock { state in
                let questions = state.questions
                state.questions = []
                state.isLooking = !questions.isEmpty
                return questions
            }
            if questions.isEmpty { return }
            do throws(APIError) {
                let found = try await look(Set(questions.map(\.uid)))
                for question in questions { question.continuation.resume(returning: .success(found[question.uid])) }
            } catch {
                for question in questions { question.continuation.resume(returning: .failure(error)) }
            }
        }
    }
}
