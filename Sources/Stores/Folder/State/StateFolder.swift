internal import Controller
internal import Glibc

/// The folder in which a controller outside Kubernetes keeps what has been observed (`.martlet/`).
///
/// Only the owner may look into it (mode 0700), and git ignores it. It belongs to one installation, whose id every
/// message to agents carries.
package struct StateFolder: Equatable, Sendable {
    /// The folder that is used when none is named.
    package static let defaultPath = ".martlet"

    /// Absolute, with symbolic links followed.
    package let path: String
    /// The installation's id, a random UUID made with the folder.
    package let installation: String

    /// Opens a state folder, and makes it, or what is missing of it, where there is none.
    ///
    /// A folder that holds anything else is refused and left as it is.
    /// - Throws: `StateError`.
    package static func create(at path: String = defaultPath) throws(StateError) -> StateFolder {
        try makeFolder(path)
        let folder = try absolute(path)
        let id = StateFile(path: folder + "/installation-id")
        if try id.read() == nil {
            guard isEmpty(folder) else {
                throw StateError(
                    .foreign, path,
                    "not a state folder: it holds other files; name an empty or new folder with --state")
            }
            close(toOthers: folder)
            // The ignore file first: there is no moment at which git would take up a part of the state.
            try StateFile(path: folder + "/.gitignore").createIfMissing(Array("*\n".utf8))
            try id.createIfMissing(Array((RandomName.uuid(at: .current()) + "\n").utf8))
        }
        return try StateFolder(openedAt: folder)
    }

    /// Opens a state folder that is there, for commands that only look or leave a word for the controller.
    ///
    /// - Throws: `StateError`, of kind `notFound` when there is none.
    package static func existing(at path: String = defaultPath) throws(StateError) -> StateFolder {
        guard access(path, F_OK) == 0 || errno != ENOENT else {
            throw StateError(
                .notFound, path, "there is no state folder; start a controller here, or name its folder with --state")
        }
        return try StateFolder(openedAt: absolute(path))
    }

    private init(openedAt folder: String) throws(StateError) {
        guard let bytes = try StateFile(path: folder + "/installation-id").read() else {
            throw StateError(.foreign, folder, "not a state folder: it has no `installation-id`")
        }
        let id = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).first.map(String.init)
        guard let id, id.utf8.count == 36 else {
            throw StateError.damaged(folder, "`installation-id` holds no UUID")
        }
        path = folder
        installation = id
    }

    var databasePath: String { path + "/state.db" }
    var logsPath: String { path + "/logs.db" }
    var lockPath: String { path + "/lock" }
    var brokerFile: StateFile { StateFile(path: path + "/broker.json") }

    // MARK: Folders

    private static func makeFolder(_ path: String) throws(StateError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw StateError(path, doing: "make the state folder")
        }
        try makeFolder(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw StateError(path, doing: "make the state folder")
        }
    }

    private static func absolute(_ path: String) throws(StateError) -> String {
        guard let absolute = AbsolutePath.resolved(path) else { throw StateError(path, doing: "open the state folder") }
        var status = stat()
        guard stat(absolute, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw StateError(.foreign, path, "not a folder; name one with --state")
        }
        return absolute
    }

    /// Nobody else may look into a folder that becomes ours. Where it belongs to somebody else (a volume), that is theirs
    /// to see to.
    private static func close(toOthers folder: String) {
        var status = stat()
        guard stat(folder, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o077 != 0 else { return }
        chmod(folder, 0o700)
    }

    private static func isEmpty(_ folder: String) -> Bool {
        // An earlier start may have been cut off between the two files, and an agent may have come first.
        AbsolutePath.names(in: folder).allSatisfy {
            $0 == ".gitignore" || $0.hasPrefix(".gitignore.") || $0 == "agents"
        }
    }
}
