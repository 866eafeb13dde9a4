internal import Glibc
internal import Manifests
internal import Model
internal import Planning
internal import Stores

/// What `martlet run` was asked for: runs that are there, and new ones of pipelines that nobody else runs.
struct RunRequest {
    private let manifests: ManifestSet
    /// Pipelines that no run of the files names.
    private let alone: [Manifest]
    private let source: RunSource?
    private let params: [Param]

    /// - Throws: `CommandFailure` with a line for everything that is wrong.
    init(paths: [String], source: String?, revision: String?, params: [ParamArgument]) throws {
        manifests = loadManifests(paths: paths)
        guard !manifests.hasErrors else {
            throw CommandFailure(
                manifests.problems.map { $0.rendered(excerpt: Console.standard.isTerminal) },
                code: CommandFailure.badInput)
        }
        guard !manifests.manifests.isEmpty else {
            throw CommandFailure(
                "there is no Pipeline and no PipelineRun in \(paths.joined(separator: ", "))",
                code: CommandFailure.badInput)
        }
        let named = Set(manifests.runs.compactMap { $0.spec.pipelineRef?.name })
        alone = manifests.manifests.filter { $0.pipeline.map { !named.contains($0.metadata.name) } ?? false }
        self.params = params.map { Param(name: $0.name, value: $0.value) }
        var wanted = RunSource()
        wanted.url = try source.map(Self.url)
        wanted.revision = revision
        self.source = source == nil && revision == nil ? nil : wanted
        try check(hasFlags: source != nil || revision != nil || !params.isEmpty)
    }

    /// A folder with a clone becomes a URL; a URL stays as it is.
    private static func url(_ text: String) throws -> String {
        if text.contains("://") || text.hasPrefix("file:") || text.contains("@") { return text }
        guard let path = realpath(text, nil) else {
            throw CommandFailure("--source \(text): there is no such folder", code: CommandFailure.badInput)
        }
        defer { free(path) }
        let absolute = String(cString: path)
        guard access("\(absolute)/.git", F_OK) == 0 || access("\(absolute)/HEAD", F_OK) == 0 else {
            throw CommandFailure(
                "--source \(text): not a git repository; name the folder that holds `.git`",
                code: CommandFailure.badInput)
        }
        return "file://\(absolute)"
    }

    /// What can be said before anything is started.
    private func check(hasFlags: Bool) throws {
        guard !alone.isEmpty || !hasFlags else {
            throw CommandFailure(
                "--source, --revision and --param are for new runs, and every pipeline here has a PipelineRun of its own",
                code: CommandFailure.badInput)
        }
        var lines: [String] = []
        for manifest in alone {
            guard let pipeline = manifest.pipeline else { continue }
            let problems = newRun(of: pipeline).spec.problems(pipeline: pipeline.spec)
            for problem in problems where problem.severity == .error {
                // What is wrong was said on the command line, so that is where it is mended.
                let isMissing = problem.path.steps == [.key("spec"), .key("params")]
                let hint = isMissing ? "give it with --param NAME=VALUE" : problem.hint
                lines.append(
                    "\(manifest.file): pipeline \(pipeline.metadata.name): \(problem.message)"
                        + (hint.map { " (\($0))" } ?? ""))
            }
        }
        guard lines.isEmpty else { throw CommandFailure(lines, code: CommandFailure.badInput) }
    }

    private func newRun(of pipeline: Pipeline) -> PipelineRun {
        var run = PipelineRun(metadata: Metadata(), spec: PipelineRunSpec())
        run.metadata.namespace = pipeline.metadata.namespace
        run.spec.pipelineRef = PipelineReference(name: pipeline.metadata.name)
        run.spec.params = params
        run.spec.source = source
        return run
    }

    /// The folder that new runs are taken from, where the user named one.
    var localSource: String? {
        source?.url.flatMap { $0.hasPrefix("file://") ? String($0.dropFirst(7)) : nil }
    }

    private var specs: [(name: String, spec: PipelineSpec)] {
        manifests.pipelines.map { ($0.metadata.name, $0.spec) }
            + manifests.runs.compactMap { run in run.spec.pipelineSpec.map { (run.metadata.name, $0) } }
    }

    /// Every kind of agent that a stage wants, once, in the order of the files.
    var kinds: [String] {
        var kinds: [String] = []
        for (_, spec) in specs {
            for stage in spec.stages + spec.finally where stage.approval == nil {
                if !kinds.contains(stage.agentKind) { kinds.append(stage.agentKind) }
            }
        }
        return kinds
    }

    /// Why a stage can't run where there are no agents but those in this process, with these labels.
    func unmatchedSelector(labels: StringMap) -> String? {
        for (name, spec) in specs {
            for stage in spec.stages + spec.finally where !stage.agentSelector.isContained(in: labels) {
                let missing = stage.agentSelector.entries.filter { labels[$0.key] != $0.value }
                let flags = missing.map { "--label \($0.key)=\($0.value)" }.joined(separator: " ")
                return "\(name): no agent can take stage `\(stage.name)`: its agentSelector wants "
                    + missing.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
                    + ", and the agents in this process lack that (give them \(flags))"
            }
        }
        return nil
    }

    /// Makes the new runs, and returns all that are to be waited for: those, the ones of the files, and whatever was left
    /// unfinished in the state folder.
    func follow(in store: FolderStore) async throws -> [PipelineRun] {
        let names = Set(manifests.runs.map(\.metadata.name))
        var runs = try await store.reader.runs().reversed().filter {
            !$0.hasEnded || names.contains($0.metadata.name)
        }
        let present = Set(runs.map(\.metadata.name))
        let gone = names.subtracting(present).sorted()
        if !gone.isEmpty {
            throw CommandFailure(
                gone.map { name in
                    "run \(name) has ended and was deleted since, as its pipeline's limits ask for: rename it, or raise its "
                        + "rerunCount, to run it again"
                }, code: CommandFailure.badInput)
        }
        for pipeline in alone.compactMap(\.pipeline) {
            runs.append(try await store.verbs.create(newRun(of: pipeline), generateName: pipeline.metadata.name))
        }
        return runs
    }
}
