internal import Manifests
internal import Model

/// What the watched files ask for at this moment, file by file.
struct DesiredManifests {
    /// Names one object in the files and in the database.
    struct Key: Hashable, Comparable {
        var kind: String
        var namespace: String
        var name: String

        static func < (left: Self, right: Self) -> Bool {
            (left.kind, left.namespace, left.name) < (right.kind, right.namespace, right.name)
        }
    }

    /// What one file holds.
    struct Contents {
        var manifests: [Key: Manifest] = [:]
        /// Objects that are there but can't be understood, or whose name another file has.
        var rejected: Set<Key> = []
        /// Whether the file could not be read to its end, so that it may hold anything.
        var isUnclear = false
        /// Objects of which a former version stays in force, since the file's own can't be understood.
        var kept: Set<Key> = []
        /// The first thing that is wrong with the file, with its place.
        var mistake: String?
    }

    private(set) var files: [String: Contents] = [:]
    private var claims: [Key: Set<String>] = [:]

    /// Puts a file's contents in the place of what it held; nil when it is gone. Returns the objects that either names.
    mutating func set(_ file: String, _ contents: Contents?) -> Set<Key> {
        let before = files[file]
        files[file] = contents
        var touched: Set<Key> = []
        for key in before?.manifests.keys.sorted() ?? [] {
            claims[key]?.remove(file)
            if claims[key]?.isEmpty == true { claims[key] = nil }
            touched.insert(key)
        }
        for key in contents?.manifests.keys.sorted() ?? [] {
            claims[key, default: []].insert(file)
            touched.insert(key)
        }
        return touched.union(before?.rejected ?? []).union(contents?.rejected ?? [])
    }

    /// The manifest of an object, and its file: the first by name when several have it.
    func manifest(_ key: Key) -> (file: String, manifest: Manifest)? {
        guard let file = claims[key]?.min(), let manifest = files[file]?.manifests[key] else { return nil }
        return (file, manifest)
    }

    var keys: Set<Key> { Set(claims.keys) }

    /// Whether an object that no manifest holds may be there all the same, in a file that has mistakes.
    func mayExist(_ key: Key, in file: String?) -> Bool {
        if let file, files[file]?.isUnclear == true { return true }
        return files.values.contains { $0.rejected.contains(key) }
    }

    /// What is wrong with the file that holds an object, or may hold it, where a former version stays in force for that.
    ///
    /// - Parameter file: From which the object was read last.
    func mistake(about key: Key, in file: String?) -> String? {
        if let holder = claims[key]?.min() {
            guard let contents = files[holder], contents.kept.contains(key) else { return nil }
            return contents.mistake
        }
        if let file, let contents = files[file], contents.isUnclear || contents.rejected.contains(key) {
            return contents.mistake
        }
        return files.filter { $0.value.rejected.contains(key) }.min { $0.key < $1.key }?.value.mistake
    }

    /// Files that hold an object only as a duplicate, and may take its place now that its owner has let go.
    func contenders(for key: Key) -> [String] {
        files.filter { $0.value.rejected.contains(key) }.keys.sorted()
    }
}

extension DesiredManifests.Key {
    init(_ resource: Resource) {
        let kind =
            switch resource {
            case .pipeline: Pipeline.kind
            case .run: PipelineRun.kind
            }
        self.init(kind: kind, namespace: resource.metadata.namespace ?? "", name: resource.metadata.name)
    }
}
