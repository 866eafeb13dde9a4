internal import Document
internal import Glibc
internal import YAML

/// One or several kubeconfig files, put together as kubectl does: of entries with the same name in several files the
/// first counts, and so does the first file that says which context is current.
struct Kubeconfig {
    private(set) var clusters: [KubeconfigEntry] = []
    private(set) var users: [KubeconfigEntry] = []
    private(set) var contexts: [KubeconfigEntry] = []
    private var current: (name: String, file: String, mark: Mark)?
    private let files: [String]

    /// Files that all have to be there.
    init(paths: [String]) throws(ConfigurationError) {
        files = paths
        for path in paths { try read(path) }
    }

    /// A list with colons in between, as in `KUBECONFIG`. Files that aren't there don't matter while one is.
    init(list: String) throws(ConfigurationError) {
        let paths = list.split(separator: ":").map(String.init)
        files = paths.filter { access($0, F_OK) == 0 }
        guard !files.isEmpty else {
            throw ConfigurationError("error: none of the files that KUBECONFIG names is there: \(list)")
        }
        for path in files { try read(path) }
    }

    private mutating func read(_ path: String) throws(ConfigurationError) {
        let stream: YAMLStream
        do throws(YAMLFileError) {
            stream = try YAML.parse(path: path)
        } catch {
            throw ConfigurationError(error)
        }
        guard stream.problems.isEmpty else {
            throw ConfigurationError(stream.problems.map { $0.line(file: path) })
        }
        guard let document = stream.documents.first else { return }
        func problem(_ node: Node, _ message: String) -> ConfigurationError {
            ConfigurationError(YAMLProblem(node.mark ?? Mark(line: 1, column: 1), message).line(file: path))
        }
        guard stream.documents.count == 1, document.members != nil else {
            throw problem(stream.documents.last ?? document, "a kubeconfig is one object")
        }
        if let kind = document["kind"], kind.string != "Config" {
            throw problem(kind, "this is no kubeconfig, whose kind is Config")
        }
        if let node = document["current-context"], let name = node.string, !name.isEmpty, current == nil {
            current = (name, path, node.mark ?? Mark(line: 1, column: 1))
        }
        Self.add(try Self.entries("cluster", of: document, path), to: &clusters)
        Self.add(try Self.entries("user", of: document, path), to: &users)
        Self.add(try Self.entries("context", of: document, path), to: &contexts)
    }

    private static func add(_ new: [KubeconfigEntry], to known: inout [KubeconfigEntry]) {
        known += new.filter { entry in !known.contains { $0.name == entry.name } }
    }

    /// The list `clusters` of entries with `name` and `cluster`, and the same for the other two.
    private static func entries(
        _ kind: String, of document: Node, _ path: String
    ) throws(ConfigurationError) -> [KubeconfigEntry] {
        func problem(_ node: Node, _ message: String) -> ConfigurationError {
            ConfigurationError(YAMLProblem(node.mark ?? Mark(line: 1, column: 1), message).line(file: path))
        }
        guard let list = document["\(kind)s"], list.value != .null else { return [] }
        guard let items = list.array else { throw problem(list, "\(kind)s has to be a list") }
        var entries: [KubeconfigEntry] = []
        for item in items {
            guard let name = item["name"]?.string, !name.isEmpty else {
                throw problem(item["name"] ?? item, "each \(kind) needs a name, which is a text")
            }
            guard !entries.contains(where: { $0.name == name }) else {
                throw problem(item, "there is another \(kind) \"\(name)\" in this file")
            }
            let node = item[kind] ?? Node(.object([]))
            guard node.members != nil || node.value == .null else {
                throw problem(node, "\(kind) has to be an object")
            }
            let mark = item.mark ?? Mark(line: 1, column: 1)
            entries.append(KubeconfigEntry(name: name, file: path, node: node, mark: mark))
        }
        return entries
    }

    /// What a context, or the current one, stands for.
    func configuration(context wanted: String?) throws(ConfigurationError) -> ClusterConfiguration {
        let place = files.joined(separator: ":")
        let names = contexts.map(\.name).sorted().joined(separator: ", ")
        let known = names.isEmpty ? "there is none" : "there are: \(names)"
        guard let name = wanted ?? current?.name else {
            throw ConfigurationError("\(place): error: no context is current; \(known)")
        }
        guard let context = contexts.first(where: { $0.name == name }) else {
            let message = "there is no context \"\(name)\"; \(known)"
            guard wanted == nil, let current else { throw ConfigurationError("\(place): error: \(message)") }
            throw ConfigurationError(YAMLProblem(current.mark, message).line(file: current.file))
        }
        guard let clusterName = try context.text("cluster") else {
            throw context.problem(nil, "context \"\(name)\" names no cluster")
        }
        guard let cluster = clusters.first(where: { $0.name == clusterName }) else {
            throw context.problem("cluster", "there is no cluster \"\(clusterName)\"")
        }
        var user: KubeconfigEntry?
        if let userName = try context.text("user") {
            user = users.first { $0.name == userName }
            if user == nil { throw context.problem("user", "there is no user \"\(userName)\"") }
        }
        return try ClusterConfiguration(
            cluster: cluster, user: user, namespace: try context.text("namespace") ?? "default",
            origin: "context \"\(name)\" of \(context.file)")
    }
}
