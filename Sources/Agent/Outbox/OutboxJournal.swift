package import AgentProtocol
internal import Document
internal import Execution
internal import Glibc
internal import Model
internal import Synchronization
internal import Threads

/// Why the journal can't be used; trying again helps once nobody else uses the folder, or there is room.
package struct OutboxJournalError: Error, CustomStringConvertible, Sendable {
    package var description: String
}

/// Reports on disk: one file to which lines are added, `+` for a report and `-` for one that the broker has.
///
/// Each line carries a checksum, so that a tail torn by a crash is recognised and left out. Writing is done by a thread
/// of its own, a little later: a report that the broker has by then, as nearly all have, never touches the disk.
package final class OutboxJournal: OutboxStorage {
    /// How long a report may wait for its ack before it is written.
    private static let delayMicroseconds: useconds_t = 20_000
    /// The file is written anew once it is that large and mostly history.
    private static let compactionBytes = 4 << 20

    private struct State {
        /// What is to be written: a report, or nil where one on disk is to be dropped.
        var pending: [(number: Int, report: AgentReport?)] = []
        /// What the file says is kept.
        var live: [Int: AgentReport] = [:]
        var bytes = 0
        var isClosed = false
        var hasWriter = false
        /// The last write may have left half a line.
        var isTorn = false
    }

    private let path: String
    private let lock: Int32
    private let state = Mutex(State())
    /// Counts what has been added, so that the writer sleeps while there is nothing.
    private let wake = WakePipe()
    private let file = Mutex<Int32>(-1)

    /// - Parameter folder: Made if it isn't there; used by one agent at a time.
    package init(folder: String) throws(OutboxJournalError) {
        path = "\(folder)/outbox"
        try? FileSystem.makeFolder(folder)
        lock = open("\(folder)/outbox.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw OutboxJournalError(description: "cannot use the state folder \(folder): error \(errno)")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            closeFile(lock)
            throw OutboxJournalError(
                description: "the folder \(folder) is used by another agent; give each its own name with --agent-id"
            )
        }
    }

    deinit {
        unlock()
        closeFile(lock)
        file.withLock { if $0 >= 0 { closeFile($0) } }
    }

    // MARK: Reading

    package func load() throws -> [(number: Int, report: AgentReport)] {
        let live = JournalLine.live(in: try read())
        state.withLock { $0.live = live }
        try rewrite(live)
        return live.keys.sorted().compactMap { number in live[number].map { (number, $0) } }
    }

    private func read() throws(OutboxJournalError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return [] }
        guard descriptor >= 0 else { throw OutboxJournalError(description: "cannot read \(path): error \(errno)") }
        defer { closeFile(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw OutboxJournalError(description: "cannot read \(path): error \(errno)") }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    // MARK: Keeping

    package func keep(_ report: AgentReport, number: Int) {
        add(number, report)
    }

    package func drop(_ number: Int) {
        let isOnDisk = state.withLock { state in
            if let place = state.pending.lastIndex(where: { $0.number == number }) {
                state.pending.remove(at: place)
                return false
            }
            return true
        }
        if isOnDisk { add(number, nil) }
    }

    private func add(_ number: Int, _ report: AgentReport?) {
        let needsWriter = state.withLock { state in
            state.pending.append((number, report))
            defer { state.hasWriter = true }
            return !state.hasWriter && !state.isClosed
        }
        if needsWriter { NamedThread.startOrTrap("martlet-outbox") { [self] in writeLoop() } }
        wake.wake()
    }

    private func writeLoop() {
        while true {
            wake.wait()
            if state.withLock({ $0.isClosed }) { return }
            usleep(Self.delayMicroseconds)
            writePending()
        }
    }

    package func close() {
        state.withLock { $0.isClosed = true }
        wake.wake()
        writePending()
        unlock()
    }

    /// Not only by closing: a process that is being started right now may hold a copy of the descriptor for a moment.
    private func unlock() {
        flock(lock, LOCK_UN)
    }

    // MARK: Writing

    private func writePending() {
        // Held over the whole of it, so that two writers (the thread, and who closes) don't mix.
        file.withLock { file in
            let (lines, live, isLarge) = state.withLock { state in
                var lines: [UInt8] = []
                for (number, report) in state.pending {
                    lines += JournalLine.bytes(number: number, report: report)
                    state.live[number] = report
                }
                state.pending.removeAll(keepingCapacity: true)
                state.bytes += lines.count
                return (lines, state.live, state.bytes > Self.compactionBytes)
            }
            guard !lines.isEmpty else { return }
            if isLarge, let fresh = try? replace(with: live) {
                closeFile(file)
                file = fresh
                state.withLock { $0.isTorn = false }
            } else {
                // Half a line that a full disk has left must not take the next one with it.
                let isTorn = state.withLock { $0.isTorn }
                let isWhole = append((isTorn ? [UInt8(ascii: "\n")] : []) + lines, to: file)
                state.withLock { $0.isTorn = !isWhole }
            }
        }
    }

    /// A disk that is full costs what the journal is for, not the agent's work: the report is sent all the same.
    @discardableResult
    private func append(_ bytes: [UInt8], to file: Int32) -> Bool {
        guard file >= 0 else { return false }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return fdatasync(file) == 0
    }

    private func rewrite(_ live: [Int: AgentReport]) throws(OutboxJournalError) {
        let fresh = try replace(with: live)
        file.withLock { file in
            if file >= 0 { closeFile(file) }
            file = fresh
        }
    }

    /// Puts a file with only what is live in the old one's place, in one step, and returns it open.
    private func replace(with live: [Int: AgentReport]) throws(OutboxJournalError) -> Int32 {
        let fresh = open("\(path).new", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard fresh >= 0 else { throw OutboxJournalError(description: "cannot write \(path).new: error \(errno)") }
        var bytes: [UInt8] = []
        for number in live.keys.sorted() { bytes += JournalLine.bytes(number: number, report: live[number]) }
        guard append(bytes, to: fresh), rename("\(path).new", path) == 0 else {
            let code = errno
            closeFile(fresh)
            throw OutboxJournalError(description: "cannot write \(path): error \(code)")
        }
        state.withLock { $0.bytes = bytes.count }
        return fresh
    }
}

/// `close` would mean the journal's own method.
private func closeFile(_ descriptor: Int32) {
    Glibc.close(descriptor)
}
