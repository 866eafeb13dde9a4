import Execution
import Glibc

/// A folder for one test, which goes with the last reference.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/martlet-api-\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        try FileSystem.makeFolder(path)
    }

    deinit {
        for name in FileSystem.names(in: path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    /// The path of the file.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try FileSystem.write(Array(text.utf8), to: "\(path)/\(name)")
        return "\(path)/\(name)"
    }
}
