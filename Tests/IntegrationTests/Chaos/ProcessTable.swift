import Execution
import Glibc

/// The processes of this machine, from `/proc`.
enum ProcessTable {
    /// The processes that have a text among their variables or arguments, but for those named.
    static func processes(with text: String, except known: [pid_t] = []) -> [pid_t] {
        FileSystem.names(in: "/proc").compactMap { pid_t($0) }.filter { process in
            !known.contains(process)
                && ["environ", "cmdline"].contains { contents(of: "/proc/\(process)/\($0)").contains(text) }
        }
    }

    /// What a process is, for a message.
    static func command(of process: pid_t) -> String {
        contents(of: "/proc/\(process)/cmdline").split(separator: "\0").joined(separator: " ")
    }

    /// Resident memory in KiB; nil for a process that is gone.
    static func memory(of process: pid_t) -> Int? {
        let line = contents(of: "/proc/\(process)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(separator: " ").compactMap { Int($0) }.first
    }

    private static func contents(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
