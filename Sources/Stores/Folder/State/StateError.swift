internal import GRDB
internal import Glibc

/// Why the state folder can't be read or written, in words that a person can act on.
package struct StateError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Equatable, Sendable {
        /// Another controller holds the folder; its process id, where it can be told.
        case inUse(pid: Int32?)
        /// There is no state folder yet, or not all of it.
        case notFound
        /// The path leads to something that isn't a state folder.
        case foreign
        /// A newer Martlet has written it.
        case newer
        /// An older Martlet has written it, and no controller of this version has opened it since.
        case older
        /// What is stored can't be understood.
        case damaged
        case noSpace
        case notPermitted
        /// Another process held the database for longer than this one waits.
        case busy
        case system
    }

    package var kind: Kind
    package var path: String
    /// What is wrong and what to do about it, without a full stop.
    package var message: String

    package init(_ kind: Kind, _ path: String, _ message: String) {
        self.kind = kind
        self.path = path
        self.message = message
    }

    package var description: String { "\(path): \(message)" }

    /// Whether trying again may help although nobody has done anything about it.
    package var mayPass: Bool {
        switch kind {
        case .busy, .noSpace, .system: true
        case .inUse, .notFound, .foreign, .newer, .older, .damaged, .notPermitted: false
        }
    }
}

extension StateError {
    /// A system call that failed.
    init(_ path: String, doing action: String, code: Int32 = errno) {
        let reason = Self.reason(code)
        switch code {
        case ENOENT: self.init(.notFound, path, "cannot \(action): \(reason)")
        case EACCES, EPERM, EROFS:
            self.init(.notPermitted, path, "cannot \(action): \(reason); choose another folder with --state")
        case ENOSPC, EDQUOT: self.init(.noSpace, path, "cannot \(action): \(reason); free some space")
        default: self.init(.system, path, "cannot \(action): \(reason)")
        }
    }

    private static func reason(_ code: Int32) -> String {
        // The C library keeps the text for each thread by itself.
        String(cString: strerror(code))
    }

    static func damaged(_ path: String, _ what: String) -> StateError {
        StateError(
            .damaged, path,
            "\(what); move the folder away to begin anew, or put a backup of it in its place")
    }

    /// Whatever a piece of database work has thrown, as one of ours.
    static func from(_ error: any Error, _ path: String) -> StateError {
        if let error = error as? StateError { return error }
        guard let error = error as? DatabaseError else { return StateError(.system, path, "\(error)") }
        let words = error.message ?? "error \(error.resultCode.rawValue)"
        switch error.resultCode.primaryResultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return .damaged(path, "the database is damaged (\(words))")
        case .SQLITE_FULL:
            return StateError(.noSpace, path, "cannot write: \(words); free some space")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            return StateError(.notPermitted, path, "cannot write: \(words); choose another folder with --state")
        case .SQLITE_CANTOPEN:
            return StateError(.notPermitted, path, "cannot open: \(words); may you read and write its folder?")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return StateError(.busy, path, "another process holds the database: \(words)")
        default:
            return StateError(.system, path, words)
        }
    }
}
