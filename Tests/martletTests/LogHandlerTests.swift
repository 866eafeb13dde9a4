import Document
import Glibc
import Logging
import Model
import Synchronization
import Testing

@testable import martlet

@Suite
struct LogHandlerTests {
    /// A pipe whose lines are read by the test.
    private final class Pipe: Sendable {
        let reader: Int32
        let writer: Int32

        init() throws {
            signal(SIGPIPE, SIG_IGN)
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            reader = ends[0]
            writer = ends[1]
        }

        /// What is there by now.
        func text() -> String {
            _ = fcntl(reader, F_SETFL, O_NONBLOCK)
            var text: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while case let count = read(reader, &buffer, buffer.count), count > 0 { text += buffer[..<count] }
            return String(decoding: text, as: UTF8.self)
        }

        func end() {
            close(reader)
            close(writer)
        }
    }

    private struct Trouble: Error, CustomStringConvertible {
        var description: String { "no room" }
    }

    private static let time = Timestamp(microseconds: 1_800_000_000_000_042)
    private static let json: @Sendable (LogOutput) -> any LogHandler = { output in
        LineLogHandler(label: "martlet", output: output, now: { time }, line: JSONLogLine.bytes)
    }
    private static let text: @Sendable (LogOutput) -> any LogHandler = { output in
        LineLogHandler(label: "martlet", output: output, now: { time }, line: TextLogLine.bytes)
    }

    /// What a handler writes.
    private func written(
        _ handler: @escaping @Sendable (LogOutput) -> any LogHandler, _ body: (Logger) -> Void
    ) throws -> String {
        let pipe = try Pipe()
        defer { pipe.end() }
        let output = LogOutput(pipe.writer)
        body(Logger(label: "martlet", factory: { _ in handler(output) }))
        return pipe.text()
    }

    @Test
    func `an object a line, its own keys first, then metadata by their names`() throws {
        let text = try written(Self.json) { logger in
            var logger = logger
            logger[metadataKey: "namespace"] = "team"
            logger.warning(
                "stage \"x\" lost\nits agent",
                metadata: [
                    "stage": "lint", "run": "r-1", "level": "odd", "count": .stringConvertible(3),
                    "share": .stringConvertible(0.5), "list": ["b", "a"], "map": ["z": "1", "a": "2"],
                ])
            logger.info("next")
            logger.debug("not shown")
        }
        #expect(
            text
                == #"{"time":"2027-01-15T08:00:00.000042Z","level":"warning","message":"stage \"x\" lost\nits agent","#
                + #""logger":"martlet","count":3,"metadata.level":"odd","list":["b","a"],"map":{"a":"2","z":"1"},"#
                + #""namespace":"team","run":"r-1","share":0.5,"stage":"lint"}"# + "\n"
                + #"{"time":"2027-01-15T08:00:00.000042Z","level":"info","message":"next","logger":"martlet","#
                + #""namespace":"team"}"# + "\n")
    }

    @Test
    func `text has everything on one line, in the same order each time`() throws {
        let text = try written(Self.text) { logger in
            logger.error(
                "went wrong\n2027 info martlet: not a line", metadata: ["run": "r", "why": "two words", "none": ""],
                source: "Controller")
        }
        #expect(
            text == "2027-01-15T08:00:00.000042Z error martlet: none=\"\" run=r why=\"two words\" "
                + "went wrong\\n2027 info martlet: not a line\n")
    }

    @Test
    func `an error is told with its type`() throws {
        let text = try written(Self.json) { $0.error("failed", error: Trouble()) }
        let node = try parseJSON(Array(text.utf8))
        #expect(node["error.message"]?.string == "no room")
        #expect(node["error.type"]?.string?.hasSuffix("Trouble") == true)
    }

    @Test
    func `the time has microseconds even where there are none`() {
        #expect(LogRecord.text(of: Timestamp(seconds: 1_800_000_000)) == "2027-01-15T08:00:00.000000Z")
    }

    @Test
    func `a message that is too long is cut and remains JSON`() throws {
        let text = try written(Self.json) { $0.info("\(String(repeating: "ä", count: 20_000))") }
        let message = try #require(try parseJSON(Array(text.utf8))["message"]?.string)
        #expect(message.unicodeScalars.count == LogRecord.textLimit + 1 && message.hasSuffix("ä…"))
    }

    @Test
    func `lines of many threads don't mix`() async throws {
        let pipe = try Pipe()
        defer { pipe.end() }
        let output = LogOutput(pipe.writer)
        let logger = Logger(label: "martlet", factory: { _ in Self.json(output) })
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for number in 0..<20 { logger.info("line \(number)") } }
            }
        }
        let lines = pipe.text().split(separator: "\n")
        #expect(lines.count == 80)
        for line in lines { _ = try parseJSON(Array(line.utf8)) }
    }

    @Test
    func `a reader that is gone holds up nobody`() throws {
        let pipe = try Pipe()
        close(pipe.reader)
        let logger = Logger(label: "martlet", factory: { [output = LogOutput(pipe.writer)] _ in Self.json(output) })
        for _ in 0..<3 { logger.info("nobody reads") }
        close(pipe.writer)
    }

    @Test
    func `what a reader that doesn't read has missed is left out, and said later`() throws {
        let pipe = try Pipe()
        defer { pipe.end() }
        // F_SETPIPE_SZ, which Glibc's module hides: room for one line.
        _ = fcntl(pipe.writer, 1031, 4096)
        let output = LogOutput(pipe.writer, patience: 1)
        let logger = Logger(label: "martlet", factory: { _ in Self.json(output) })
        for _ in 0..<3 { logger.info("\(String(repeating: "x", count: 3900))") }
        let first = pipe.text().split(separator: "\n")
        #expect(first.count == 1)
        logger.info("again")
        let next = try parseJSON(Array(pipe.text().utf8))
        #expect(next["message"]?.string == "again" && next["log.left_out"]?.string == "2")
    }
}
