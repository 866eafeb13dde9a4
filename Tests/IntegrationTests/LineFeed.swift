import Glibc
import Synchronization

/// The lines that come out of a pipe, kept and waited for.
///
/// A thread of its own reads them, so that nothing here blocks Swift's pool, and whoever waits is woken by each line.
/// Unbounded: what tests read is small.
final class LineFeed: Sendable {
    private struct State {
        var lines: [String] = []
        var isEnded = false
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextWatcher = 0
    }

    private let state = Mutex(State())

    /// Reads a descriptor to its end, and closes it.
    static func reading(_ descriptor: Int32) throws -> LineFeed {
        let feed = LineFeed()
        try startThread { feed.read(descriptor) }
        return feed
    }

    /// Opens a FIFO, which waits for its first writer, and reads it until its last writer is gone.
    static func reading(fifo path: String) throws -> LineFeed {
        let feed = LineFeed()
        try startThread {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            if descriptor >= 0 { feed.read(descriptor) } else { feed.end() }
        }
        return feed
    }

    var lines: [String] { state.withLock { $0.lines } }
    var text: String { lines.map { $0 + "\n" }.joined() }

    /// The first line from `start` on that matches, now or as soon as there is one.
    ///
    /// - Throws: `Unmet` when the feed ends without it, or the test's time is up.
    @discardableResult
    func line(from start: Int = 0, where matches: (String) -> Bool) async throws -> String {
        for await _ in changes() {
            let (lines, isEnded) = state.withLock { ($0.lines, $0.isEnded) }
            if let found = lines.dropFirst(start).first(where: matches) { return found }
            if isEnded { throw Unmet("the output ended without the line that was waited for:\n\(text)") }
        }
        throw Unmet("no such line in time:\n\(text)")
    }

    @discardableResult
    func line(_ part: String, from start: Int = 0) async throws -> String {
        do {
            return try await line(from: start) { $0.contains(part) }
        } catch let error as Unmet {
            throw Unmet("waited for `\(part)`: \(error)")
        }
    }

    /// Waits for so many lines.
    func count(_ number: Int) async throws {
        for await _ in changes() {
            let (count, isEnded) = state.withLock { ($0.lines.count, $0.isEnded) }
            if count >= number { return }
            if isEnded { break }
        }
        throw Unmet("fewer than \(number) lines:\n\(text)")
    }

    /// Waits until nobody can write any more.
    func ended() async throws {
        for await _ in changes() where state.withLock({ $0.isEnded }) { return }
        throw Unmet("not ended in time:\n\(text)")
    }

    /// A tick at once and after every change.
    private func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.watchers[id] = nil }
        }
        continuation.yield()
        return stream
    }

    private func change(_ body: (inout State) -> Void) {
        // Yielded to outside of the lock, which a watcher that ends takes as well.
        let watchers = state.withLock { state in
            body(&state)
            return state.watchers.sorted { $0.key < $1.key }.map(\.value)
        }
        for watcher in watchers { watcher.yield() }
    }

    private func end() { change { $0.isEnded = true } }

    private func read(_ descriptor: Int32) {
        var rest: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest += buffer[..<count]
            var parts = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            rest = Array(parts.removeLast())
            let lines = parts.map { String(decoding: $0, as: UTF8.self) }
            if !lines.isEmpty { change { $0.lines += lines } }
        }
        close(descriptor)
        let last = String(decoding: rest, as: UTF8.self)
        change { state in
            if !last.isEmpty { state.lines.append(last) }
            state.isEnded = true
        }
    }
}

/// Something that a test waited for did not come.
struct Unmet: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Runs a body that blocks, away from Swift's pool.
func startThread(_ body: @escaping @Sendable () -> Void) throws {
    final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(body))
    let code = pthread_create(
        &thread, nil,
        { pointer in
            if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body() }
            return nil
        }, work.toOpaque())
    guard code == 0 else {
        work.release()
        throw Unmet("no thread: \(code)")
    }
    pthread_detach(thread)
}
