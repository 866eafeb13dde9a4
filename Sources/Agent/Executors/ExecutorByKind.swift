package import AgentProtocol
package import Model

/// Sends stages of the kind `noop` to the executor that does nothing, and all others to the one that works.
package struct ExecutorByKind: StageExecutor {
    private let work: any StageExecutor
    private let noop = NoopExecutor()

    package init(work: any StageExecutor) {
        self.work = work
    }

    package func execute(_ assignment: Assignment, context: StageContext) async -> StageOutcome {
        if assignment.work.kind == NoopExecutor.kind { return await noop.execute(assignment, context: context) }
        return await work.execute(assignment, context: context)
    }

    package func release(_ fence: Fence) async {
        await work.release(fence)
    }

    package func prepare() async {
        await work.prepare()
    }

    package func removeLeftovers() async {
        await work.removeLeftovers()
    }

    package func close() async {
        await work.close()
    }

    package func cachedRepositories() async -> [String] {
        await work.cachedRepositories()
    }
}
