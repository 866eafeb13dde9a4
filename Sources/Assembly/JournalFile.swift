package import Controller
internal import Glibc
internal import Synchronization
internal import Threads

/// Why a journal can't be begun.
package struct JournalFileError: Error, CustomStringConvertible, Sendable {
    package var description: String
}

/// A journal as a file of lines, each a step of the controller's machine, for `martlet replay`.
///
/// A thread of its own writes, so that a slow disk holds up no stage. What waits for it is bounded: past that, or when
/// the disk is full, the journal ends with a line that says so, and the controller goes on without.
package final class JournalFile: StepRecorder {
    /// In bytes.
    private static let waitingLimit = 64 << 20

    private struct State {
        var waiting: [UInt8] = []
        var isClosed = false
        /// Nothing more is taken.
        var isCut = false
    }

    private let path: String
    private let version: String
    private let warn: @Sendable (String) -> Void
    private let file: Int32
    private let wake = WakePipe()
    private let state = Mutex(State())
    private let (ended, end) = AsyncStream<Void>.makeStream()

    /// Adds to the file, which is made if it isn't there: one that is there may hold what a killed process recorded.
    ///
    /// - Parameter warn: is told in a sentence when the journal has to end early.
    package init(
        _ path: String, version: String, warn: @escaping @Sendable (String) -> Void
    ) throws {
        self.path = path
        self.version = version
        self.warn = warn
        // Only for its owner: it holds whole specs and what stages said.
        file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw JournalFileError(description: "--journal \(path): \(String(cString: strerror(errno)))")
        }
        // What is there must be a journal: a slip of the hand would add lines to a manifest, or to the state's database.
        guard Self.isEmptyOrJournal(file) else {
            throw JournalFileError(
                description: "--journal \(path): there is another file of that name; choose a new one")
        }
        fchmod(file, 0o600)
        if Self.endsWithinLine(file) { state.withLock { $0.waiting = [UInt8(ascii: "\n")] } }
        try NamedThread.start("martlet-journal") { [self] in writeLoop() }
    }

    deinit {
        Glibc.close(file)
    }

    private static func isEmptyOrJournal(_ file: Int32) -> Bool {
        let beginning = Array("{\"journal\":".utf8)
        var found = [UInt8](repeating: 0, count: beginning.count)
        let count = pread(file, &found, found.count, 0)
        return count == 0 || count == beginning.count && found == beginning
    }

    /// A process that was killed while it wrote leaves half a line.
    private static func endsWithinLine(_ file: Int32) -> Bool {
        var last: UInt8 = 0
        let size = lseek(file, 0, SEEK_END)
        return size > 0 && pread(file, &last, 1, size - 1) == 1 && last != UInt8(ascii: "\n")
    }

    // MARK: Recording

    package func begin(_ configuration: ControllerConfiguration) {
        put(JournalHeader(version: version, configuration: configuration).line)
    }

    package func record(_ step: JournalStep) {
        put(step.line)
    }

    private func put(_ line: [UInt8]) {
        let isTooMuch = state.withLock { state in
            guard !state.isCut, !state.isClosed else { return false }
            state.isCut = state.waiting.count + line.count > Self.waitingLimit
            state.waiting += state.isCut ? Self.cut("the disk was too slow") : line + [UInt8(ascii: "\n")]
            return state.isCut
        }
        if isTooMuch { warn("the journal \(path) ends here: the disk is too slow for it") }
        wake.wake()
    }

    private static func cut(_ reason: String) -> [UInt8] { Array("{\"cut\":\"\(reason)\"}\n".utf8) }

    /// Returns once all is written, or it is certain that it can't be.
    package func close() async {
        state.withLock { $0.isClosed = true }
        wake.wake()
        for await _ in ended {}
    }

    // MARK: Writing

    private func writeLoop() {
        defer { end.finish() }
        while true {
            wake.wait()
            let (bytes, isClosed) = state.withLock { state in
                defer { state.waiting = [] }
                return (state.waiting, state.isClosed)
            }
            if let code = append(bytes) {
                state.withLock { state in
                    state.isCut = true
                    state.waiting = []
                }
                warn("the journal \(path) ends here: \(String(cString: strerror(code)))")
            }
            if isClosed { return }
        }
    }

    /// The error that kept it from being written whole.
    private func append(_ bytes: [UInt8]) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            rest = rest.dropFirst(count)
        }
        return nil
    }
}
