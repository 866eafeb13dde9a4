internal import CSupervisor
internal import Glibc

/// A system call that failed.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was being done, as `open /some/path`.
    package var action: String
    /// The system's error number.
    package var code: Int32

    package init(_ action: String, code: Int32 = errno) {
        self.action = action
        self.code = code
    }

    /// The system's words for the error: "No such file or directory".
    package var reason: String {
        SystemError.reason(code)
    }

    package var description: String {
        "\(action): \(reason)"
    }

    static func reason(_ code: Int32) -> String {
        // Room for any message of the C library; strerror itself isn't safe between threads.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return "error \(code)" }
            buffer.initialize(repeating: 0)
            supervisor_error_text(code, start, buffer.count)
            // The text ends with a zero within the buffer's bounds.
            return String(cString: start)
        }
    }
}
