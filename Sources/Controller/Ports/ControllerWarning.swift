package import Model

/// Something that an operator may want to know.
package struct ControllerWarning: Equatable, Sendable {
    /// A sentence, without the names of what it is about.
    package var problem: String
    package var run: ObjectKey?
    package var stage: String?

    package init(_ problem: String, about run: PipelineRun? = nil, stage: String? = nil) {
        self.problem = problem
        self.run = run.map { ObjectKey($0.metadata) }
        self.stage = stage
    }
}

extension ControllerWarning: CustomStringConvertible {
    /// With the names, for where there is but a line.
    package var description: String {
        let names = [run.map { "run \($0.name)" }, stage.map { "stage \($0)" }].compactMap(\.self)
        return names.isEmpty ? problem : "\(names.joined(separator: ", ")): \(problem)"
    }
}
