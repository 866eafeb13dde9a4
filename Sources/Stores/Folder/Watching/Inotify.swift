internal import Glibc

/// An inotify queue: what happens in folders, as the kernel tells it.
///
/// One thread calls `next`; any other may add and remove watches, and `stop` it.
final class Inotify: Sendable {
    struct Event: Equatable, Sendable {
        /// What `watch` returned; -1 when events were lost.
        var watch: Int32
        var mask: UInt32
        /// The name in the watched folder; empty when the folder itself is meant.
        var name: String

        /// Whether the kernel's queue was full, so that there is no knowing what has happened.
        var lostEvents: Bool { has(IN_Q_OVERFLOW) }
        var isFolder: Bool { has(IN_ISDIR) }

        func has(_ bit: Int) -> Bool { mask & UInt32(bit) != 0 }
        func has(_ bit: Int32) -> Bool { mask & UInt32(bit) != 0 }
    }

    private let queue: Int32
    private let stopReading: Int32
    private let stopWriting: Int32

    init() throws(StateError) {
        queue = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard queue >= 0 else {
            guard errno == EMFILE else { throw StateError("inotify", doing: "watch files") }
            throw StateError(
                .system, "inotify",
                "too many watchers of files on this machine; raise fs.inotify.max_user_instances or the limit of open files"
            )
        }
        var ends: [Int32] = [-1, -1]
        // A pair of sockets takes its flags at once, where a pipe would leak into a child that is started meanwhile.
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        guard socketpair(AF_UNIX, Int32(kind), 0, &ends) == 0 else {
            let failure = StateError("inotify", doing: "make a pair of sockets")
            close(queue)
            throw failure
        }
        stopReading = ends[0]
        stopWriting = ends[1]
    }

    deinit {
        close(queue)
        close(stopReading)
        close(stopWriting)
    }

    /// Watches a folder. The same folder gives the same number again.
    @discardableResult
    func watch(_ folder: String, _ mask: UInt32) throws(StateError) -> Int32 {
        let watch = inotify_add_watch(queue, folder, mask | UInt32(IN_ONLYDIR))
        if watch >= 0 { return watch }
        guard errno == ENOSPC else { throw StateError(folder, doing: "watch") }
        throw StateError(
            .system, folder, "too many watched folders on this machine; raise fs.inotify.max_user_watches")
    }

    func forget(_ watch: Int32) {
        inotify_rm_watch(queue, watch)
    }

    /// Makes `next` return nil, now and ever after.
    func stop() {
        var byte: UInt8 = 1
        _ = write(stopWriting, &byte, 1)
    }

    /// Waits for events and returns all that are there: none when the time has run out, nil when stopped.
    ///
    /// - Parameter milliseconds: How long to wait; for ever when negative.
    func next(within milliseconds: Int32 = -1) -> [Event]? {
        var descriptors = [
            pollfd(fd: queue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stopReading, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = poll(&descriptors, 2, milliseconds)
            if count < 0 && errno == EINTR { continue }
            if descriptors[1].revents != 0 { return nil }
            return count > 0 ? read() : []
        }
    }

    private func read() -> [Event] {
        var events: [Event] = []
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 8) { buffer in
            let count = Glibc.read(queue, buffer.baseAddress, buffer.count)
            var place = 0
            // The kernel writes whole events: a header, then a name of `len` bytes that ends with zeros.
            while place + 16 <= count {
                let watch = buffer.loadUnaligned(fromByteOffset: place, as: Int32.self)
                let mask = buffer.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self)
                let length = Int(buffer.loadUnaligned(fromByteOffset: place + 12, as: UInt32.self))
                let end = min(place + 16 + length, count)
                let name = buffer[(place + 16)..<end].prefix { $0 != 0 }
                events.append(Event(watch: watch, mask: mask, name: String(decoding: name, as: UTF8.self)))
                place = end
            }
        }
        return events
    }
}
