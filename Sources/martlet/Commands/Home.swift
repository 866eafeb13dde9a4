internal import Model
internal import Stores

/// The state folder that a command looks at or leaves a word in.
struct Home {
    let folder: StateFolder
    /// As the user named it.
    let path: String
    /// Where runs are looked up, for the folder of a controller in a cluster, which has only output.
    let cluster: ClusterRuns?

    /// - Parameter cluster: Whether the settings may name a cluster to look runs up in.
    /// - Throws: `StateError` where there is none.
    init(_ settings: SettingValues, orCluster cluster: Bool = false) throws {
        path = settings.statePath
        self.cluster = cluster ? try settings.clusterHome().map { try ClusterRuns($0) } : nil
        do throws(StateError) {
            folder = try StateFolder.existing(at: path)
        } catch {
            throw Self.named(error, path)
        }
    }

    var reader: FolderReader {
        get throws { try named { () throws(StateError) in try FolderReader(folder) } }
    }

    var verbs: FolderVerbs {
        get throws { try named { () throws(StateError) in try FolderVerbs(folder) } }
    }

    /// Says on standard error that nobody acts on what is wanted yet, where no controller runs.
    func noteMissingController() {
        if folder.controller == nil {
            Console.error("no controller runs on \(path) now; the next one takes it up")
        }
    }

    /// - Throws: `CommandFailure` for a run that isn't there, with the nearest name.
    func run(_ name: String) async throws -> PipelineRun {
        if let cluster { return try await cluster.run(name) }
        return try await finding(name) { try await reader.run(name) }
    }

    /// What `body` returns; where it finds no run of that name, the message names the folder and the nearest run.
    func finding<Value>(_ name: String, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as VerbError where error.kind == .unknownRun {
            let names = try await reader.runs().map(\.metadata.name)
            let hint =
                Self.nearest(to: name, among: names).map { "did you mean `\($0)`?" }
                ?? (names.isEmpty ? "there are none yet" : "`martlet get` lists them")
            throw CommandFailure("no run `\(name.shown())` in \(path) (\(hint))")
        }
    }

    /// The run that may have been meant; also where its random letters were left out or not all typed.
    static func nearest(to word: String, among names: [String]) -> String? {
        if let near = Suggestion.nearest(to: word, among: names) { return near }
        guard word.count > 1 else { return nil }
        // A letter too few or too many moves the end.
        let beginnings = (word.count - 1...word.count + 1).flatMap { count in names.map { String($0.prefix(count)) } }
        guard let near = Suggestion.nearest(to: word, among: beginnings) else { return nil }
        // The newest comes first.
        return names.first { $0.hasPrefix(near) }
    }

    private func named<Value>(_ body: () throws(StateError) -> Value) throws -> Value {
        do throws(StateError) {
            return try body()
        } catch {
            throw Self.named(error, path)
        }
    }

    /// A folder that isn't there is named as the user did, not by a file within it.
    private static func named(_ error: StateError, _ path: String) -> StateError {
        guard error.kind == .notFound else { return error }
        return StateError(.notFound, path, error.message)
    }
}

/// The names of the runs in the state folder, for shells that complete them.
enum RunNames {
    @Sendable static func complete(_ arguments: [String], _: Int, _ prefix: String) async -> [String] {
        var flags: [(name: String, texts: [String])] = []
        if let place = arguments.firstIndex(of: "--state"), arguments.indices.contains(place + 1) {
            flags = [Settings.state.given(arguments[place + 1])]
        }
        // Somebody who presses a key wants no message about what is wrong.
        guard let home = try? Home(SettingValues.resolved(flags: flags)),
            let runs = try? await home.reader.runs(limit: 200)
        else { return [] }
        return runs.map(\.metadata.name).filter { $0.hasPrefix(prefix) }
    }
}
