internal import ArgumentParser
internal import Document
internal import Manifests
internal import Model

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Turns the short form of a pipeline into a Pipeline manifest.",
        discussion: """
            The short form:
              pipeline:
                name: ci
                stages: [lint, test, build, security]
                retry_on_failure: true
                notify_on_success: true

            Example:
              martlet convert pipeline.yml > manifests/ci.yaml
            """)

    @Argument(
        help: ArgumentHelp("A file in the short form; `-` is standard input.", valueName: "FILE"), completion: .file())
    var path: String

    func run() throws {
        let name = path == InputFile.standardInput ? InputFile.standardInputName : path
        switch convertShortForm(try InputFile.read(path)) {
        case .success(let manifest): Console.standard.write(manifest)
        case .failure(let error):
            for problem in error.problems.inOrder { Console.error(problem.line(file: name.shown(4096))) }
            throw CommandFailure([], code: CommandFailure.badInput)
        }
    }
}

extension [Problem] {
    /// As the file has them; what has no place comes first, and what is at one place stays as it was.
    fileprivate var inOrder: [Problem] {
        enumerated().sorted { left, right in
            func key(_ entry: (offset: Int, element: Problem)) -> (Int, Int, Int) {
                (entry.element.mark?.line ?? 0, entry.element.mark?.column ?? 0, entry.offset)
            }
            return key(left) < key(right)
        }.map(\.element)
    }
}
