internal import Glibc

/// The system gives this process no further thread.
package struct ThreadError: Error, Equatable, CustomStringConvertible {
    /// What `pthread_create` returned.
    package var code: Int32

    package var description: String { "no thread could be started: \(String(cString: strerror(code)))" }
}
