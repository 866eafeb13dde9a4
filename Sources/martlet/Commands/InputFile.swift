internal import Glibc
internal import YAML

/// A file that is named on the command line; `-` is standard input.
enum InputFile {
    static let standardInput = "-"
    /// What people call it in messages.
    static let standardInputName = "(standard input)"

    /// - Throws: `CommandFailure` for what can't be read.
    static func read(_ path: String) throws -> [UInt8] {
        guard path != standardInput else { return try readStandardInput() }
        do throws(YAMLFileError) {
            return try YAML.read(path: path)
        } catch {
            throw CommandFailure(error.description, code: CommandFailure.badInput)
        }
    }

    private static func readStandardInput() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw CommandFailure("standard input can't be read", code: CommandFailure.badInput) }
            bytes += buffer[..<count]
            guard bytes.count <= YAMLLimits.manifests.bytes else {
                throw CommandFailure("standard input is too large for a manifest", code: CommandFailure.badInput)
            }
        }
    }
}
