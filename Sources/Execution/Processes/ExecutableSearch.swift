internal import Glibc

/// Finds programs on a `PATH`.
package struct ExecutableSearch: Equatable, Sendable {
    package var folders: [String]

    /// Relative and empty entries are left out: they would find programs in the workspace.
    package init(path: String) {
        folders = path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    }

    /// The path of a program that this process may run, or nil.
    package func find(_ name: String) -> String? {
        guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")) else { return nil }
        return folders.lazy.map { "\($0)/\(name)" }.first { Self.isProgram($0) }
    }

    package func locate(_ executable: String) throws(StartError) -> String {
        if executable.utf8.contains(UInt8(ascii: "/")) { return executable }
        guard let path = find(executable) else {
            throw .notFound(program: executable, path: folders.joined(separator: ":"))
        }
        return path
    }

    static func isProgram(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return access(path, X_OK) == 0
    }
}
