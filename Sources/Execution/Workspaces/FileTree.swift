internal import Glibc

/// A folder and all that is in it.
package enum FileTree {
    /// Removes a folder with everything in it; one that isn't there is fine.
    ///
    /// Never follows a symbolic link, makes folders writable that a script has made read-only, and goes on after what
    /// it can't remove. Blocks: call it off Swift's pool, or through `remove`.
    static func removeNow(_ path: String) throws(SystemError) {
        var failure: SystemError?
        remove(name: path, in: AT_FDCWD, depth: 0, path: path, &failure)
        if let failure { throw failure }
    }

    /// The same, on a thread that may block.
    package static func remove(_ path: String) async throws(SystemError) {
        let result: Result<Void, SystemError> = await FileThread.cleaning.run {
            Result { () throws(SystemError) in try removeNow(path) }
        }
        try result.get()
    }

    private static func remove(
        name: String, in parent: Int32, depth: Int, path: String, _ failure: inout SystemError?
    ) {
        if unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM || errno == EACCES else {
            failure = failure ?? SystemError("remove \(path)")
            return
        }
        let unlinkError = errno
        var number = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if number < 0 && errno == EACCES {
            fchmodat(parent, name, 0o700, 0)
            number = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
        guard number >= 0 else {
            failure = failure ?? SystemError("remove \(path)", code: errno == ENOTDIR ? unlinkError : errno)
            return
        }
        // A folder has one descriptor open per level.
        guard depth < 2_000 else {
            close(number)
            failure = failure ?? SystemError("remove \(path)", code: ELOOP)
            return
        }
        fchmod(number, 0o700)
        guard let folder = fdopendir(number) else {
            close(number)
            failure = failure ?? SystemError("remove \(path)")
            return
        }
        // Removing while reading may skip entries on some file systems: collect first.
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = FileSystem.entryName(entry)
            if name != "." && name != ".." { names.append(name) }
        }
        for name in names {
            remove(name: name, in: dirfd(folder), depth: depth + 1, path: "\(path)/\(name)", &failure)
        }
        closedir(folder)
        if unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT {
            failure = failure ?? SystemError("remove \(path)")
        }
    }

    /// How many bytes a folder takes on disk. Blocks.
    static func sizeNow(_ path: String) -> Int64 {
        var status = stat()
        guard lstat(path, &status) == 0 else { return 0 }
        var size = Int64(status.st_blocks) * 512
        guard status.st_mode & S_IFMT == S_IFDIR else { return size }
        for name in FileSystem.names(in: path) { size += sizeNow("\(path)/\(name)") }
        return size
    }

    /// When a file or folder was last changed, in seconds since 1970.
    static func changeTime(_ path: String) -> Int64? {
        var status = stat()
        return lstat(path, &status) == 0 ? Int64(status.st_mtim.tv_sec) : nil
    }

    /// Marks a folder as used now.
    static func touch(_ path: String) {
        utimensat(AT_FDCWD, path, nil, 0)
    }
}
