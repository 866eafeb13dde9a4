internal import Document
internal import Manifests
internal import Model

/// Reads the files that a controller was given, and keeps what was read last.
struct ManifestFiles {
    /// What a reading has changed, and what is wrong.
    struct Reading {
        /// Objects to be looked at in the database.
        var keys: Set<DesiredManifests.Key> = []
        var problems: [FileProblem] = []
        /// Files in which something was missing for the first time: they keep what they held until a second look.
        var lookAgain: [String] = []
    }

    private(set) var desired = DesiredManifests()
    /// The paths as given, with their absolute form.
    private let roots: [(given: String, absolute: String)]

    init(paths: [String]) {
        roots = paths.map { ($0, AbsolutePath.standardized($0)) }
    }

    var absolutePaths: [String] { roots.map(\.absolute) }

    /// Whether a file is one of those that were given, or in a folder that was.
    func isInScope(_ file: String) -> Bool {
        roots.contains { AbsolutePath.isWithin(file, $0.absolute) }
    }

    /// A file as its user would name it.
    private func shown(_ file: String) -> String {
        for root in roots where AbsolutePath.isWithin(file, root.absolute) {
            guard file != root.absolute else { return root.given }
            let rest = file.dropFirst(root.absolute == "/" ? 1 : root.absolute.utf8.count + 1)
            return root.given.hasSuffix("/") ? root.given + rest : root.given + "/" + rest
        }
        return file
    }

    // MARK: Reading everything

    /// Reads all files for the first time, with what they say about each other.
    mutating func readAll(_ files: [String]) -> Reading {
        let set = loadManifests(paths: roots.map(\.given))
        var contents: [String: DesiredManifests.Contents] = [:]
        // A file that came after the watch began and before the reading is among one, the other, or both.
        for file in files { contents[file] = DesiredManifests.Contents() }
        for file in set.files where !AbsolutePath.isFolder(file) {
            contents[AbsolutePath.standardized(file), default: DesiredManifests.Contents()] = .init()
        }
        var reading = Reading(problems: set.problems)
        Self.fill(from: set, &contents, &reading.problems)
        for file in contents.keys.sorted() { reading.keys.formUnion(desired.set(file, contents[file])) }
        return reading
    }

    private static func fill(
        from set: ManifestSet, _ contents: inout [String: DesiredManifests.Contents], _ problems: inout [FileProblem]
    ) {
        for manifest in set.manifests {
            let file = AbsolutePath.standardized(manifest.file)
            if let problem = unnamed(manifest) {
                problems.append(problem)
            } else {
                let key = DesiredManifests.Key(manifest.resource)
                contents[file, default: .init()].manifests[key] = manifest.withAbsoluteSources()
            }
        }
        for rejected in set.rejected {
            let file = AbsolutePath.standardized(rejected.file)
            guard let name = rejected.name else {
                contents[file, default: .init()].isUnclear = true
                continue
            }
            contents[file, default: .init()].rejected.insert(
                DesiredManifests.Key(kind: rejected.kind, namespace: rejected.namespace ?? "", name: name))
        }
        for file in set.unreadable {
            contents[AbsolutePath.standardized(file), default: .init()].isUnclear = true
        }
        // A document that is no object of ours at all may be a run whose `kind` is just being edited.
        for problem in set.problems where problem.problem.severity == .error {
            let file = AbsolutePath.standardized(problem.file)
            let isAboutObject = set.rejected.contains { $0.file == problem.file }
            let isAboutKind = problem.problem.path.steps.contains { $0 == .key("kind") || $0 == .key("apiVersion") }
            if isAboutKind || problem.problem.path.steps.isEmpty && !isAboutObject { contents[file]?.isUnclear = true }
            if contents[file]?.mistake == nil { contents[file]?.mistake = problem.line }
        }
    }

    /// A watched file is there to stay, so that its runs need names that stay.
    private static func unnamed(_ manifest: Manifest) -> FileProblem? {
        guard manifest.resource.metadata.name.isEmpty else { return nil }
        let path = FieldPath(.key("metadata"), .key("generateName"))
        return FileProblem(
            file: manifest.file,
            problem: Problem(
                "a run in a watched file needs a name", at: path, mark: path.mark(in: manifest.node),
                hint: "write `name:`; `generateName` is for runs that are created once"),
            excerpt: nil)
    }

    // MARK: Reading what has changed

    mutating func read(_ due: WatchedFiles.Due) -> Reading {
        var reading = Reading()
        for file in due.changed { read(file, isConfirmed: due.confirmed.contains(file), &reading) }
        let gone = due.gone.filter { !AbsolutePath.exists($0) }
        for file in gone { reading.keys.formUnion(desired.set(file, nil)) }
        reading.problems += missingFolders(of: gone)
        promote(&reading)
        return reading
    }

    /// Somebody who deletes a folder may not have thought of what follows it.
    private func missingFolders(of gone: [String]) -> [FileProblem] {
        let files = Dictionary(grouping: gone) { AbsolutePath.split($0).folder }
        return files.sorted { $0.key < $1.key }.filter { !AbsolutePath.isFolder($0.key) }.map { folder, files in
            FileProblem(
                file: shown(folder),
                problem: Problem(
                    "this folder is gone, and what was in it (files: \(files.count)) counts as deleted: its pipelines go, "
                        + "its runs are cancelled", hint: "it is read again as soon as it is there"))
        }
    }

    private mutating func read(_ file: String, isConfirmed: Bool, _ reading: inout Reading) {
        // It has gone in the meantime, and an event says so.
        guard AbsolutePath.exists(file) else { return }
        let set = loadManifests(paths: [shown(file)])
        var contents = [file: DesiredManifests.Contents()]
        // Notes were told at the start, and what one file says about another isn't known here.
        var problems = set.problems.filter { $0.problem.severity == .error }
        Self.fill(from: set, &contents, &problems)
        guard var new = contents[file] else { return }
        reject(duplicatesIn: &new, of: file, &problems)
        reading.problems += problems
        let before = desired.files[file]
        // The last good version stays in force where the new one can't be understood.
        for (key, manifest) in before?.manifests ?? [:]
        where new.manifests[key] == nil && (new.isUnclear || new.rejected.contains(key)) {
            new.rejected.remove(key)
            new.kept.insert(key)
            new.manifests[key] = manifest
        }
        let missing = before.map { Set($0.manifests.keys).subtracting(new.manifests.keys) } ?? []
        if !missing.isEmpty, !isConfirmed {
            reading.lookAgain.append(file)
            for key in missing { new.manifests[key] = before?.manifests[key] }
        }
        reading.keys.formUnion(desired.set(file, new))
    }

    private func reject(
        duplicatesIn contents: inout DesiredManifests.Contents, of file: String, _ problems: inout [FileProblem]
    ) {
        for (key, manifest) in contents.manifests.sorted(by: { $0.key < $1.key }) {
            // A file that has just gone is still known for a while: its objects have moved here.
            guard let owner = desired.manifest(key), owner.file != file, AbsolutePath.exists(owner.file) else {
                continue
            }
            contents.manifests[key] = nil
            contents.rejected.insert(key)
            let path = FieldPath(.key("metadata"), .key("name"))
            problems.append(
                FileProblem(
                    file: manifest.file,
                    problem: Problem(
                        "another \(key.kind) is also named `\(key.name)`: \(shown(owner.file)):\(owner.manifest.mark.line)",
                        at: path, mark: path.mark(in: manifest.node), hint: "rename one of them")))
        }
    }

    /// Reads files again that may take over a name which another file has let go.
    private mutating func promote(_ reading: inout Reading) {
        let free = reading.keys.filter { desired.manifest($0) == nil }
        let contenders = Set(free.flatMap { desired.contenders(for: $0) })
        for file in contenders.sorted() { read(file, isConfirmed: true, &reading) }
    }
}
