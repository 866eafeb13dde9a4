import Document
import TestSupport
import Testing
import YAML

struct ChanceTests {
    @Test(arguments: 0..<8)
    func `no bytes crash it, and every mistake has a place in the text`(seed: UInt64) throws {
        var chance = SeededGenerator(seed: seed)
        let samples = try ["structure", "scalars", "keys", "documents", "utf16le"].map {
            try YAML.read(path: Folder.golden + $0 + ".yaml")
        }
        let pieces = [
            "\t", "\n", "\r", "\0", ":", ": ", "- ", "? ", "#", "&a ", "*a", "!", "!!int ", "<<: ", "|", ">", "'", "\"",
            "{", "}", "[", "]", ",", "%", "@", "`", "---\n", "...\n", "\\", "\u{85}", "\u{2028}", "\u{FEFF}",
            "%TAG ! x\n",
        ].map { Array($0.utf8) }
        var read = 0
        for _ in 0..<300 {
            var bytes = samples[chance.below(samples.count)]
            // Short texts, so that the mistake isn't always near the beginning of a long one.
            let start = chance.below(bytes.count)
            bytes = Array(bytes[start..<min(bytes.count, start + 20 + chance.below(400))])
            for _ in 0..<chance.below(6) where !bytes.isEmpty {
                let place = chance.below(bytes.count)
                switch chance.below(4) {
                case 0: bytes[place] = UInt8(chance.below(256))
                case 1: bytes.remove(at: place)
                case 2: bytes.removeSubrange(place...)
                default: bytes.insert(contentsOf: pieces[chance.below(pieces.count)], at: place)
                }
            }
            let stream = YAML.parse(bytes)
            if stream.problems.isEmpty { read += 1 }
            let lines = bytes.count + 1
            for problem in stream.problems {
                #expect((1...lines).contains(problem.mark.line) && (1...lines).contains(problem.mark.column))
                #expect(!problem.message.isEmpty)
            }
            for document in stream.documents {
                let json = document.json()
                #expect(try parseJSON(json) == document)
                // JSON is YAML, but for characters that YAML doesn't allow or takes for the end of a line.
                let again = YAML.parse(Array(json.utf8))
                let hasLineEnds = json.unicodeScalars.contains { "\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) }
                if again.problems.isEmpty, !hasLineEnds { #expect(again.documents == [document]) }
            }
        }
        #expect(read > 10)
    }
}
