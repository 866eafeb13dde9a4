import Glibc
import Testing

/// Compares rendered text with a file of `Golden/`; `MARTLET_RECORD=1` writes the files anew, to be read over before
/// they are committed.
func expectGolden(_ name: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let folder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex)) + "/Golden"
    let path = "\(folder)/\(name).txt"
    if getenv("MARTLET_RECORD") != nil {
        let file = try #require(fopen(path, "w"), "\(path) can't be written", sourceLocation: sourceLocation)
        defer { fclose(file) }
        fputs(text, file)
        return
    }
    let file = try #require(fopen(path, "r"), "\(path) is missing", sourceLocation: sourceLocation)
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    #expect(text == String(decoding: bytes, as: UTF8.self), sourceLocation: sourceLocation)
}

extension String {
    /// With escape sequences to be read.
    var visible: String { String(flatMap { $0 == "\u{1B}" ? Array("\\e") : $0 == "\r" ? Array("\\r") : [$0] }) }
}
