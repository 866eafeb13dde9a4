internal import Glibc

/// The lines of a file that may be larger than memory.
struct LineReader {
    /// A line longer than this is none that Martlet wrote.
    private static let lineLimit = 256 << 20

    private let path: String
    private let file: Int32
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// - Parameter path: `-` for standard input.
    /// - Throws: `CommandFailure` for a file that can't be read.
    init(path: String) throws {
        self.path = path
        file = path == InputFile.standardInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Self.failure(path) }
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure("\(path): \(String(cString: strerror(errno)))", code: CommandFailure.badInput)
    }

    /// The next line without its end, the last one also where nothing ends it.
    mutating func next() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return Array(buffer[start..<end])
            }
            guard !isAtEnd else {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return Array(buffer[start...])
            }
            buffer.removeSubrange(..<start)
            start = 0
            searched = buffer.count
            try fill()
        }
    }

    private mutating func fill() throws {
        guard buffer.count < Self.lineLimit else {
            throw CommandFailure("\(path): a line is longer than 256 MiB", code: CommandFailure.badInput)
        }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(file, &piece, piece.count)
        if count < 0, errno == EINTR { return }
        guard count >= 0 else { throw Self.failure(path) }
        if count == 0 { isAtEnd = true }
        buffer += piece[..<count]
    }
}
