internal import ArgumentParser
internal import Assembly
internal import Document
internal import Manifests
internal import Model
internal import Presentation

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Looks for mistakes in manifests, without running anything.",
        discussion: """
            Prints every error of every file as file:line:column and exits with 1 where there is one. A note is about \
            what may be meant as it is, and fails with --strict alone. Folders are read without those within them; `-` \
            is standard input.

            Examples:
              martlet validate manifests
              martlet validate --strict manifests
              martlet validate manifests -o json | jq .problems
            """)

    @Argument(help: ArgumentHelp("Files and folders of manifests.", valueName: "PATH"), completion: .file())
    var paths: [String]

    @Flag(help: "Exit with 1 where there is a note, too.") var strict = false
    @OptionGroup var output: OutputOption

    func run() throws {
        let settings = try output.resolve()
        var loader = ManifestLoader(zoneComplaint: MachineZones.complaint)
        for path in paths {
            if path == InputFile.standardInput {
                loader.add(file: InputFile.standardInputName, bytes: try InputFile.read(path))
            } else {
                loader.add(path: path)
            }
        }
        let set = loader.finish()
        let console = Console.standard
        let report = ValidationReport(set, isStrict: strict)
        if settings.wantsJSON {
            console.write(report.json)
        } else {
            console.write(set.rendered(excerpts: console.isTerminal))
            console.write([report.sentence])
        }
        if report.isFailure { throw CommandFailure([]) }
    }
}

/// What was found in manifests, for people in a sentence and for programs in JSON.
struct ValidationReport {
    private let found: ManifestSet
    private let isStrict: Bool

    init(_ found: ManifestSet, isStrict: Bool) {
        self.found = found
        self.isStrict = isStrict
    }

    var isFailure: Bool { errors > 0 || isStrict && notes > 0 }

    private var errors: Int { count(.error) }
    private var notes: Int { count(.note) }

    private func count(_ severity: Problem.Severity) -> Int {
        found.problems.count { $0.problem.severity == severity }
    }

    var sentence: Line {
        let sum =
            "\(Self.count(found.files.count, "file")), \(Self.count(found.pipelines.count, "pipeline")), "
            + Self.count(found.runs.count, "run")
        let verdict =
            (errors == 0 ? "no errors" : Self.count(errors, "error"))
            + (notes == 0 ? "" : ", \(Self.count(notes, "note"))")
        return (isFailure ? Line("✗ ", .red) : Line("✓ ", .green)) + Line("\(sum): \(verdict)")
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    var json: String {
        func string(_ key: String, _ text: String?) -> [Node.Member] {
            text.map { [Node.Member(key: key, value: Node(.string($0)))] } ?? []
        }
        func number(_ key: String, _ number: Int?) -> [Node.Member] {
            number.map { [Node.Member(key: key, value: Node(.int(Int64($0))))] } ?? []
        }
        let problems = found.problems.map { entry in
            let problem = entry.problem
            return Node(
                .object(
                    string("file", entry.file) + number("line", problem.mark?.line)
                        + number("column", problem.mark?.column) + string("severity", problem.severity.rawValue)
                        + string("field", problem.path.steps.isEmpty ? nil : problem.path.description)
                        + string("message", problem.message) + string("hint", problem.hint)))
        }
        return Node(
            .object([
                Node.Member(key: "files", value: Node(.array(found.files.map { Node(.string($0)) }))),
                Node.Member(key: "problems", value: Node(.array(problems))),
            ])
        ).prettyJSON() + "\n"
    }
}
