import Testing

@testable import KubernetesAPI

@Suite struct WatchLinesTests {
    private static let text = "{\"a\":\"é\"}\n\n{\"b\":\"日本\"}\r\n{\"c\":1}\n{\"d\""

    @Test func linesComeOutTheSameWhereverTheBytesAreCut() throws {
        let bytes = Array(Self.text.utf8)
        for cut in 0...bytes.count {
            for second in cut...bytes.count {
                var lines = WatchLines()
                var found: [String] = []
                for piece in [bytes[..<cut], bytes[cut..<second], bytes[second...]] {
                    found += try lines.take(Array(piece)).map { String(decoding: $0, as: UTF8.self) }
                }
                #expect(found == ["{\"a\":\"é\"}", "{\"b\":\"日本\"}", "{\"c\":1}"], "cut at \(cut) and \(second)")
                #expect(lines.isWithinLine)
            }
        }
    }

    @Test func bytesMayComeOneByOne() throws {
        var lines = WatchLines()
        var found: [String] = []
        for byte in Self.text.utf8 {
            found += try lines.take([byte]).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(found.count == 3)
    }

    @Test(arguments: [[10], [6, 5], [3, 3, 3, 3]])
    func aLineWithoutEndIsRefused(_ pieces: [Int]) throws {
        var lines = WatchLines(limit: 9)
        #expect(throws: WatchLines.TooLong(limit: 9)) {
            for piece in pieces { _ = try lines.take(Array(repeating: 0x61, count: piece)) }
        }
    }

    @Test func aLineAtTheBoundIsTaken() throws {
        var lines = WatchLines(limit: 3)
        #expect(try lines.take(Array("abc\nd".utf8)) == [Array("abc".utf8)])
        #expect(throws: WatchLines.TooLong(limit: 3)) { try lines.take(Array("efg\n".utf8)) }
    }

    @Test func aStreamThatEndsBetweenLinesIsWhole() throws {
        var lines = WatchLines()
        _ = try lines.take(Array("{}\n".utf8))
        #expect(!lines.isWithinLine)
    }
}
