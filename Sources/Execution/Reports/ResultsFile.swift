/// What a stage reports in the file `$MARTLET_RESULTS`: lines of `name=value`, or for values of several lines
///
///     name<<END
///     first
///     second
///     END
package struct ResultsFile: Equatable, Sendable {
    package struct Result: Equatable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package static let maxResults = 16
    package static let maxValueBytes = 1024
    private static let maxNameBytes = 63
    private static let maxFileBytes = 64 << 10

    /// In the order in which they were first written; a name that comes again replaces its value.
    package private(set) var results: [Result] = []
    /// What was wrong, in words for the stage's log.
    package private(set) var warnings: [String] = []

    /// Reads the file of a stage that has ended. Never fails: what can't be used becomes a warning.
    package static func read(_ path: String) -> ResultsFile {
        do {
            let (bytes, isCut) = try FileSystem.read(path, limit: maxFileBytes)
            var file = parse(bytes)
            if isCut { file.warn("the results file is larger than \(maxFileBytes) bytes: the rest is ignored") }
            return file
        } catch {
            var file = ResultsFile()
            file.warn("the results can't be read: \(error.reason)")
            return file
        }
    }

    package static func parse(_ bytes: [UInt8]) -> ResultsFile {
        var file = ResultsFile()
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        var number = 0
        while let line = lines.popFirst() {
            number += 1
            let line = withoutReturn(line)
            if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { continue }
            let equals = line.firstIndex(of: UInt8(ascii: "="))
            let arrows = line.indices.first { index in
                line[index] == UInt8(ascii: "<") && index + 1 < line.endIndex && line[index + 1] == UInt8(ascii: "<")
            }
            if let arrows, arrows < equals ?? .max {
                let end = line[(arrows + 2)...]
                let first = number
                var value: [UInt8]?
                var isClosed = false
                while let next = lines.popFirst() {
                    number += 1
                    if withoutReturn(next) == end {
                        isClosed = true
                        break
                    }
                    value = value.map { $0 + [UInt8(ascii: "\n")] + next } ?? Array(next)
                }
                if isClosed && !end.isEmpty {
                    file.set(line[..<arrows], value?[...] ?? [], line: first)
                } else {
                    file.warn("line \(first) of the results: `<<` without its closing line")
                }
            } else if let equals {
                file.set(line[..<equals], line[(equals + 1)...], line: number)
            } else {
                file.warn("line \(number) of the results is not `name=value`")
            }
        }
        return file
    }

    private static func withoutReturn(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }

    private mutating func set(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, line: Int) {
        let name = String(decoding: name, as: UTF8.self)
        guard name.utf8.count <= Self.maxNameBytes else {
            // Not quoted: a part of what may be a secret couldn't be recognised as one.
            return warn("the name on line \(line) of the results is longer than \(Self.maxNameBytes) bytes")
        }
        guard Self.isName(name) else {
            return warn("line \(line) of the results: `\(name)` can't be the name of a result")
        }
        guard value.count <= Self.maxValueBytes else {
            return warn("the result `\(name)` is longer than \(Self.maxValueBytes) bytes and is left out")
        }
        let result = Result(name: name, value: String(decoding: value, as: UTF8.self))
        if let index = results.firstIndex(where: { $0.name == name }) {
            results[index] = result
        } else if results.count < Self.maxResults {
            results.append(result)
        } else {
            warn("more than \(Self.maxResults) results: `\(name)` is left out")
        }
    }

    private mutating func warn(_ text: String) {
        if warnings.count < 32 { warnings.append(text) }
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy { byte in
            isLetter(byte) || byte == UInt8(ascii: "-")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
