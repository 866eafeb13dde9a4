import Execution
import Glibc

/// A folder that is gone with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = "/tmp/martlet-agent-test-\(UInt64.random(in: .min ... .max))"
        mkdir(path, 0o700)
    }

    func write(_ text: String, to name: String) throws {
        try FileSystem.write(Array(text.utf8), to: "\(path)/\(name)")
    }

    func read(_ name: String) throws -> String {
        String(decoding: try FileSystem.read("\(path)/\(name)", limit: 1 << 20).bytes, as: UTF8.self)
    }

    func remove() async {
        try? await FileTree.remove(path)
    }
}
