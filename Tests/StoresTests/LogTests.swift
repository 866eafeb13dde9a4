import AgentProtocol
import Model
import Stores
import Testing

@Suite("Logs in the folder home", .timeLimit(.minutes(1)))
struct LogTests {
    private static func chunk(
        _ number: Int, _ text: String = "line\n", fence: String = "run/build/1", instance: String = "a",
        dropped: Int = 0, isLast: Bool = false
    ) -> LogChunk {
        var chunk = LogChunk()
        chunk.fence = fence
        chunk.instance = instance
        chunk.number = number
        chunk.time = Timestamp(seconds: Int64(number))
        chunk.text = text
        chunk.dropped = dropped
        chunk.isLast = isLast
        return chunk
    }

    private func store(_ home: TestHome, _ limits: LogLimits = LogLimits()) throws -> FolderLogStore {
        try FolderLogStore(StateFolder.create(at: home.state), limits: limits)
    }

    @Test("are kept once each and come back as they were, page by page")
    func pages() async throws {
        let logs = try store(TestHome())
        defer { logs.close() }
        let chunks = (0..<10).map { Self.chunk($0, "line \($0)\nand \u{1F426}\n", isLast: $0 == 9) }
        await logs.append(Array(chunks[..<6]))
        await logs.append(Array(chunks[4...]))
        await logs.append([Self.chunk(3, "something else\n"), Self.chunk(0, fence: "no fence")])
        var read: [LogChunk] = []
        var position: Int64 = 0
        while case let page = try await logs.reader.read(LogQuery(run: "run"), after: position, limit: 4), !page.isEmpty
        {
            read += page.map(\.chunk)
            position = page.last?.position ?? position
        }
        #expect(read == chunks)
    }

    @Test("tell stages, attempts and instances apart")
    func queries() async throws {
        let logs = try store(TestHome())
        defer { logs.close() }
        await logs.append([
            Self.chunk(0, "lost\n"), Self.chunk(0, "accepted\n", instance: "b", isLast: true),
            Self.chunk(0, "again\n", fence: "run/build/2"), Self.chunk(0, "test\n", fence: "run/test/1"),
            Self.chunk(0, "other\n", fence: "other/build/1"),
        ])
        func texts(_ query: LogQuery) async throws -> [String] {
            try await logs.reader.read(query).map(\.chunk.text)
        }
        #expect(try await texts(LogQuery(run: "run")) == ["lost\n", "accepted\n", "again\n", "test\n"])
        #expect(try await texts(LogQuery(run: "run", stage: "build")) == ["lost\n", "accepted\n", "again\n"])
        #expect(try await texts(LogQuery(run: "run", stage: "build", attempt: 1)) == ["lost\n", "accepted\n"])
        #expect(try await texts(LogQuery(run: "run", stage: "build", attempt: 1, instance: "b")) == ["accepted\n"])
        let attempts = try await logs.reader.attempts(run: "run")
        #expect(attempts.map(\.fence.description) == ["run/build/1", "run/build/1", "run/build/2", "run/test/1"])
        #expect(attempts.map(\.instance) == ["a", "b", "a", "a"])
        #expect(attempts.map(\.isComplete) == [false, true, false, false])
    }

    @Test("beyond an attempt's bound lose their middle, which says how many lines it had")
    func attemptBound() async throws {
        let home = try TestHome()
        var logs = try store(home, LogLimits(attempt: 4000, total: 1 << 20))
        let text = String(repeating: "x", count: 99) + "\n"
        try #require(text.utf8.count == 100)
        for number in 0..<50 { await logs.append([Self.chunk(number, text)]) }
        logs.close()
        // The bound holds across a restart.
        logs = try store(home, LogLimits(attempt: 4000, total: 1 << 20))
        defer { logs.close() }
        for number in 50..<100 { await logs.append([Self.chunk(number, text, isLast: number == 99)]) }
        let entries = try await logs.reader.read(LogQuery(run: "run"), limit: 1000)
        let numbers = entries.map(\.chunk.number)
        #expect(numbers.prefix(10) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        #expect(numbers.last == 99)
        #expect(entries.count * 100 <= 4000)
        #expect(entries.map(\.chunk.dropped).filter { $0 > 0 } == [100 - entries.count])
        // What was left out doesn't come back when it is sent again.
        await logs.append([Self.chunk(20, text)])
        #expect(try await logs.reader.read(LogQuery(run: "run"), limit: 1000) == entries)
        #expect(try await logs.reader.attempts(run: "run").map(\.omittedLines) == [100 - entries.count])
    }

    @Test("of all runs beyond the bound: those that began first go, the latest stays")
    func totalBound() async throws {
        let logs = try store(TestHome(), LogLimits(attempt: 1 << 20, total: 10_000))
        defer { logs.close() }
        let text = String(repeating: "x", count: 999) + "\n"
        for run in 0..<20 {
            await logs.append((0..<2).map { Self.chunk($0, text, fence: "run-\(run)/build/1") })
        }
        var kept: [Int] = []
        for run in 0..<20 where try await !logs.reader.read(LogQuery(run: "run-\(run)")).isEmpty { kept.append(run) }
        #expect(kept.last == 19)
        #expect(kept.count >= 4 && kept.count <= 5)
        #expect(kept == Array((20 - kept.count)..<20))
        await logs.append((0..<30).map { Self.chunk($0, text, fence: "huge/build/1") })
        #expect(try await logs.reader.read(LogQuery(run: "huge")).count == 30)
        await logs.remove(runs: ["huge"])
        #expect(try await logs.reader.attempts(run: "huge").isEmpty)
    }

    @Test("are followed by another connection until it has enough")
    func follow() async throws {
        let home = try TestHome()
        let logs = try store(home)
        defer { logs.close() }
        await logs.append([Self.chunk(0, "0\n")])
        let folder = try StateFolder.existing(at: home.state)
        let reader = try FolderLogs(folder)
        let (read, reading) = AsyncStream.makeStream(of: String.self)
        async let following: Void = reader.follow(LogQuery(run: "run"), in: folder) { entry in
            reading.yield(entry.chunk.text)
            return !entry.chunk.isLast
        }
        var texts = read.makeAsyncIterator()
        for number in 1...5 {
            #expect(await texts.next() == "\(number - 1)\n")
            await logs.append([Self.chunk(number, "\(number)\n", isLast: number == 5)])
        }
        #expect(await texts.next() == "5\n")
        try await following
    }
}
