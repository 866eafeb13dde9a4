internal import Glibc
internal import Presentation

/// Standard output: what it is, and writing to it.
struct Console: Sendable {
    static let standard = Console()

    let isTerminal: Bool
    let colour: Bool

    private init() {
        isTerminal = isatty(STDOUT_FILENO) == 1
        colour = ColourChoice.isOn(isTerminal: isTerminal, environment: Self.variable)
    }

    /// Whether frames can be drawn over each other.
    var isLive: Bool { isTerminal && ColourChoice.canMove(environment: Self.variable) }

    /// The terminal's columns and rows at this moment; nil where there is no terminal.
    var size: (columns: Int, rows: Int)? {
        guard isTerminal else { return nil }
        var size = winsize()
        // The system fills in the structure that it is given for as long as the call lasts.
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// For tables: nil where nothing has to be cut.
    var width: Int? { size?.columns }

    func write(_ lines: [Line]) {
        write(lines.rendered(colour: colour))
    }

    /// Writes all of a text. Where the reader has gone (`| head`), the process ends without a word: it got what it
    /// wanted.
    func write(_ text: String) {
        guard Self.write(text, to: STDOUT_FILENO) else {
            exit(errno == EPIPE ? 0 : CommandFailure.failed)
        }
    }

    /// Writes a line to standard error.
    static func error(_ line: String) {
        // There is nobody else to tell where this fails.
        _ = write(line + "\n", to: STDERR_FILENO)
    }

    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { buffer in
            var written = 0
            while written < buffer.count {
                // In bounds: `written` never exceeds the count.
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
                if count > 0 {
                    written += count
                } else if count < 0, errno == EAGAIN {
                    // Somebody has made the terminal non-blocking; it takes more when it is ready.
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&ready, 1, -1)
                } else if count < 0, errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
