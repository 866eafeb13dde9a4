package import Controller
package import Model

/// All runs and pipelines as they are at the moment, for those who read and never decide.
package protocol RunsView: Sendable {
    /// Whether everything has been listed once.
    var isListed: Bool { get }
    /// All runs, the newest first.
    var runs: [PipelineRun] { get }
    /// By namespace and name.
    var pipelines: [Pipeline] { get }
    func run(named name: String, namespace: String?) -> PipelineRun?
    func pipeline(of run: PipelineRun) -> Pipeline?
}

extension RunBoard: RunsView {}
