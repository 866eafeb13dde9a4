import Document
package import Model
package import YAML

/// Reads files and folders of manifests; a folder is not read recursively, as `kubectl apply -f` doesn't.
///
/// Nothing is thrown: the result holds what could be read and all that is wrong.
package func loadManifests(paths: [String]) -> ManifestSet {
    var loader = ManifestLoader()
    for path in paths { loader.add(path: path) }
    return loader.finish()
}

/// Gathers manifests from files, then looks at what they say about each other.
package struct ManifestLoader {
    private let limits: YAMLLimits
    private let zoneComplaint: (@Sendable (String) -> TemplateError?)?
    private var set = ManifestSet()
    private var objects: [ManifestObject] = []
    /// What the files hold, for excerpts.
    private var sources: [String: [UInt8]] = [:]
    /// The files' identities, so that one that is named twice is read once.
    private var seen: Set<FileIdentity> = []

    /// - Parameter zoneComplaint: What is wrong with a time zone's name, where the caller knows which there are.
    package init(
        limits: YAMLLimits = .manifests, zoneComplaint: (@Sendable (String) -> TemplateError?)? = nil
    ) {
        self.limits = limits
        self.zoneComplaint = zoneComplaint
    }

    /// Adds a file, or the manifests of a folder by name: `*.yaml`, `*.yml` and `*.json` that aren't hidden.
    package mutating func add(path: String) {
        guard FolderListing.isFolder(path) else { return add(file: path) }
        let names: [String]
        switch FolderListing.manifests(in: path) {
        case .success(let found): names = found
        case .failure(let error):
            set.files.append(path)
            set.unreadable.append(path)
            return report(Problem(error.message), in: path)
        }
        if names.isEmpty {
            set.files.append(path)
            report(
                Problem("this folder holds no manifests", hint: "*.yaml, *.yml or *.json", severity: .note), in: path)
        }
        for name in names { add(file: path.hasSuffix("/") ? path + name : path + "/" + name) }
    }

    private mutating func add(file: String) {
        if let identity = FileIdentity(of: file), !seen.insert(identity).inserted { return }
        do throws(YAMLFileError) {
            add(file: file, bytes: try YAML.read(path: file, limits: limits))
        } catch {
            set.files.append(file)
            set.unreadable.append(file)
            report(Problem(error.message), in: file)
        }
    }

    /// Adds a file that has been read already. A name that ends in `.json` is read as JSON, any other as YAML.
    package mutating func add(file: String, bytes: [UInt8]) {
        set.files.append(file)
        sources[file] = bytes
        let documents: [Node]
        switch DocumentReader.documents(of: bytes, file: file, limits: limits) {
        case .success(let found): documents = found
        case .failure(let failure):
            set.unreadable.append(file)
            for problem in failure.problems { report(problem, in: file) }
            return
        }
        if documents.isEmpty {
            report(Problem("this file holds no manifest", severity: .note), in: file)
        }
        for document in documents {
            var reader = ManifestReader(file: file, document: document)
            reader.read()
            objects += reader.objects
            for problem in reader.problems { report(problem, in: file) }
        }
    }

    private mutating func report(_ problem: Problem, in file: String) {
        var problem = problem
        if let mark = problem.mark, let within = problem.within, let source = sources[file] {
            problem.mark = SourceLine.mark(of: within, inTextAt: mark, of: source) ?? mark
        }
        let excerpt = problem.mark.flatMap { mark in sources[file].flatMap { SourceLine(of: $0, at: mark) } }
        set.problems.append(FileProblem(file: file, problem: problem, excerpt: excerpt))
    }

    /// Looks at what the manifests say about each other; the set is complete then.
    package consuming func finish() -> ManifestSet {
        reportDuplicates()
        checkRuns()
        checkZones()
        set.manifests = objects.compactMap { $0.isDuplicate ? nil : $0.manifest }
        set.rejected = objects.compactMap { $0.isDuplicate || $0.manifest == nil ? $0.rejected : nil }
        let order = Dictionary(set.files.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        func key(_ problem: FileProblem) -> (Int, Int, Int) {
            (order[problem.file] ?? 0, problem.problem.mark?.line ?? 0, problem.problem.mark?.column ?? 0)
        }
        // What is found first at a place stays first: Swift's sort is stable, but does not promise it.
        set.problems = set.problems.enumerated()
            .sorted { left, right in
                let (a, b) = (key(left.element), key(right.element))
                return a == b ? left.offset < right.offset : a < b
            }
            .map(\.element)
        return set
    }

    private mutating func reportDuplicates() {
        var known: [ManifestObject.Identity: ManifestObject] = [:]
        for place in objects.indices {
            guard let identity = objects[place].identity else { continue }
            guard let other = known[identity] else {
                known[identity] = objects[place]
                continue
            }
            objects[place].isDuplicate = true
            let first = "\(other.file.shown(4096)):\(other.nameMark.line):\(other.nameMark.column)"
            report(
                Problem(
                    "another \(identity.kind) is also named `\(identity.name)`: \(first)",
                    at: objects[place].path.key("metadata").key("name"), mark: objects[place].nameMark,
                    hint: "rename one of them"),
                in: objects[place].file)
        }
    }

    /// A note only: the machine that keeps the schedules may know others.
    private mutating func checkZones() {
        guard let zoneComplaint else { return }
        for object in objects {
            for (number, trigger) in (object.manifest?.pipeline?.spec.triggers ?? []).enumerated() {
                guard let zone = trigger.schedule?.timeZone, let complaint = zoneComplaint(zone) else { continue }
                let place = object.path.key("spec").key("triggers").index(number).key("schedule").key("timeZone")
                report(
                    Problem(
                        complaint.message, at: place, mark: place.mark(in: object.document), hint: complaint.hint,
                        severity: .note),
                    in: object.file)
            }
        }
    }

    /// What a run says about its pipeline. A pipeline that isn't here may come later.
    private mutating func checkRuns() {
        for object in objects where !object.isDuplicate {
            guard let run = object.manifest?.run, let reference = run.spec.pipelineRef else { continue }
            let spec = object.path.key("spec")
            let namespace = ManifestObject.namespace(run.metadata.namespace)
            let known = objects.filter {
                $0.rejected.kind == Pipeline.kind && !$0.isDuplicate
                    && ManifestObject.namespace($0.rejected.namespace) == namespace
            }
            guard let target = known.first(where: { $0.rejected.name == reference.name }) else {
                let place = spec.key("pipelineRef").key("name")
                let near = Suggestion.nearest(to: reference.name, among: known.compactMap(\.rejected.name))
                report(
                    Problem(
                        "there is no Pipeline `\(reference.name)` here: the run waits for it", at: place,
                        mark: place.mark(in: object.document), hint: near.map { "did you mean `\($0)`?" },
                        severity: .note),
                    in: object.file)
                continue
            }
            guard let pipeline = target.manifest?.pipeline else { continue }
            for var problem in run.spec.problems(at: spec, pipeline: pipeline.spec) {
                problem.mark = problem.path.mark(in: object.document)
                report(problem, in: object.file)
            }
        }
    }
}
