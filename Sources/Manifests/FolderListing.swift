import Glibc

/// The manifests of one folder.
package enum FolderListing {
    struct Failure: Error {
        var message: String
    }

    /// More than anybody keeps in one folder by intent.
    private static let limit = 10_000

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return !path.utf8.contains(0) && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The names of a folder's manifests, sorted; without hidden files (a mounted ConfigMap has some), folders, and what
    /// editors leave behind (`ci.yaml~`, `#ci.yaml#`).
    static func manifests(in path: String) -> Result<[String], Failure> {
        guard let folder = opendir(path) else {
            return .failure(Failure(message: "this folder can't be read: \(String(cString: strerror(errno)))"))
        }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            // The end and a failure both come as nil; only a failure sets errno.
            errno = 0
            guard let entry = readdir(folder) else {
                guard errno == 0 else {
                    return .failure(Failure(message: "this folder can't be read: \(String(cString: strerror(errno)))"))
                }
                break
            }
            // The entry is valid until the next readdir; its name ends in a zero byte.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            guard isManifest(name), !isFolder("\(path)/\(name)") else { continue }
            guard names.count < limit else {
                return .failure(Failure(message: "this folder holds more than \(limit) manifests"))
            }
            names.append(name)
        }
        return .success(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    /// Whether a file of that name, in a folder that was named, is read.
    package static func isManifest(_ name: String) -> Bool {
        guard let first = name.utf8.first, !".#~".utf8.contains(first) else { return false }
        return [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) && name != $0 }
    }
}

/// Tells whether two paths lead to one file.
struct FileIdentity: Hashable {
    private var device: UInt
    private var number: UInt

    init?(of path: String) {
        var status = stat()
        guard !path.utf8.contains(0), stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        number = UInt(status.st_ino)
    }
}
