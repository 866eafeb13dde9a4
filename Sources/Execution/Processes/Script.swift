/// A stage's `run`: a text that becomes a program.
package struct Script: Equatable, Sendable {
    package var text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The program and its arguments for the script in that file: by its first line (`#!`), else by bash with
    /// `-eo pipefail`, else by `sh -e`.
    package func invocation(file: String, search: ExecutableSearch) -> (executable: String, arguments: [String]) {
        if text.utf8.starts(with: "#!".utf8) { return (file, []) }
        if let bash = search.find("bash") { return (bash, ["-eo", "pipefail", file]) }
        return (search.find("sh") ?? "/bin/sh", ["-e", file])
    }

    /// Writes the script where only this user can read and run it. The folder must be the agent's own, outside the
    /// workspace, so that a checkout can't put something in its place.
    package func write(to file: String) throws(SystemError) {
        // CRLF would reach the shell as part of every last word.
        let text = text.replacingCRLF()
        try FileSystem.write(Array(text.utf8), to: file, mode: 0o700)
    }
}

extension String {
    /// CRLF is one Character, which is why this looks at scalars.
    fileprivate func replacingCRLF() -> String {
        guard utf8.contains(UInt8(ascii: "\r")) else { return self }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count)
        for byte in utf8 {
            if byte == UInt8(ascii: "\n"), bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
