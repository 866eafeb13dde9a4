internal import Glibc
internal import Synchronization

/// The right to be the one controller of a state folder, held until it is released or the process ends.
///
/// A `flock`, so that the kernel gives it back whatever becomes of the process, on a descriptor that no child inherits.
package final class FolderLock: Sendable {
    private let descriptor: Mutex<Int32>

    private init(_ descriptor: Int32) {
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        release()
    }

    package func release() {
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            // Closing alone isn't enough while a child that is just being started still has a copy.
            flock(descriptor, LOCK_UN)
            close(descriptor)
            descriptor = -1
        }
    }

    static func acquire(_ folder: StateFolder) throws(StateError) -> FolderLock {
        let path = folder.lockPath
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StateError(path, doing: "open the lock") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let failure = errno == EWOULDBLOCK ? inUse(folder, descriptor) : StateError(path, doing: "lock")
            close(descriptor)
            throw failure
        }
        // For the message that the next one gets; the lock itself doesn't depend on it.
        let pid = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, pid, pid.count, 0) }
        return FolderLock(descriptor)
    }

    private static func inUse(_ folder: StateFolder, _ descriptor: Int32) -> StateError {
        let pid = holder(descriptor)
        let who = pid.map { "process \($0)" } ?? "another process"
        return StateError(
            .inUse(pid: pid), folder.path,
            "\(who) is the controller of this folder; stop it, or name another folder with --state")
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count], as: UTF8.self).prefix { $0.isNumber })
    }

    /// The process id of the controller that holds the folder at this moment; nil when none does.
    static func holder(of folder: StateFolder) -> Int32? {
        let descriptor = open(folder.lockPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // A shared lock, given back at once, fails only while a controller holds its own.
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return nil }
        return holder(descriptor)
    }
}

extension StateFolder {
    /// Makes this process the folder's only controller.
    ///
    /// - Throws: `StateError` of kind `inUse` with the holder's process id.
    package func lock() throws(StateError) -> FolderLock {
        try FolderLock.acquire(self)
    }

    /// The process id of the controller that runs now; nil when none does.
    package var controller: Int32? { FolderLock.holder(of: self) }
}
