import Assembly
import Execution
import Glibc

/// What there is on this machine.
enum Programs {
    /// The program beside the test bundle.
    static let martlet: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(path.split(separator: "/").dropLast().map { "/\($0)" }.joined())/martlet"
    }()

    /// The repository of Martlet itself, with its samples.
    static let project = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    /// This process's own, but for settings of Martlet and of git that would show in a test.
    static let environment = ProcessVariables.all.filter {
        !$0.key.hasPrefix("MARTLET_") && !$0.key.hasPrefix("GIT_")
    }

    static func has(_ names: String...) -> Bool {
        let search = ExecutableSearch(path: environment["PATH"] ?? StageEnvironment.defaultPath)
        return names.allSatisfy { search.find($0) != nil }
    }
}
