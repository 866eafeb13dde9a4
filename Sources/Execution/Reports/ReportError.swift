/// Why a tool's report can't be used: the tool broke, or writes another form of it than is known here.
package struct ReportError: Error, Equatable, Sendable, CustomStringConvertible {
    package var tool: String
    package var problem: String

    package init(tool: String, problem: String) {
        self.tool = tool
        self.problem = problem
    }

    package var description: String { "\(tool): \(problem)" }
}
