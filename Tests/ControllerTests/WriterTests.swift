import Model
import Synchronization
import TestSupport
import Testing

@testable import Controller

@Suite("The writer", .timeLimit(.minutes(1))) struct WriterTests {
    /// Runs a writer beside the test.
    private func withWriter(
        _ store: GatedStore, mayAct: @escaping @Sendable () -> Bool = { true },
        _ body: @Sendable (Writer, Mailbox, inout AsyncStream<GatedStore.Call>.Iterator) async throws -> Void
    ) async throws {
        let mailbox = Mailbox()
        let writer = Writer(store: store, mailbox: mailbox, mayAct: mayAct)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await writer.run() }
            var calls = store.calls.makeAsyncIterator()
            try await body(writer, mailbox, &calls)
            writer.finish()
            try await group.waitForAll()
        }
    }

    @Test("lets a slow answer hold up the writes of its own run and nobody else's")
    func slowAnswer() async throws {
        try await withWriter(GatedStore(concurrentWrites: 3)) { writer, mailbox, calls in
            writer.put([StatusWrite("a", 1), StatusWrite("b", 1), StatusWrite("c", 1), StatusWrite("d", 1)])
            var open: [String: GatedStore.Call] = [:]
            for _ in 0..<3 {
                let call = try #require(await calls.next())
                open[call.names.joined()] = call
            }
            #expect(open.keys.sorted() == ["a@1", "b@1", "c@1"])
            open["c@1"]?.answer()
            let fourth = try #require(await calls.next())
            #expect(fourth.names == ["d@1"])
            // Of `a` a write is under way: the next one waits for that, others pass it.
            writer.put([StatusWrite("a", 2), StatusWrite("e", 1), StatusWrite("a", 3)])
            open["b@1"]?.answer()
            let fifth = try #require(await calls.next())
            #expect(fifth.names == ["e@1"])
            open["a@1"]?.answer()
            let sixth = try #require(await calls.next())
            #expect(sixth.names == ["a@2"])
            sixth.answer()
            let seventh = try #require(await calls.next())
            #expect(seventh.names == ["a@3"])
            for call in [fourth, fifth, seventh] { call.answer() }
            #expect(mailbox.take().contains(.wrote(uid: "c", .stored(resourceVersion: "1'"))))
        }
    }

    @Test("gives a store that takes one call at a time all that waits")
    func batches() async throws {
        try await withWriter(GatedStore(concurrentWrites: 1)) { writer, _, calls in
            writer.put([StatusWrite("a", 1)])
            let first = try #require(await calls.next())
            #expect(first.names == ["a@1"])
            writer.put([StatusWrite("b", 1)])
            writer.put([StatusWrite("a", 2), StatusWrite("c", 1)])
            first.answer()
            let second = try #require(await calls.next())
            #expect(second.names == ["b@1", "a@2", "c@1"])
            second.answer()
        }
    }

    @Test("writes nothing more once the process may not act", arguments: [1, 4])
    func lost(_ concurrentWrites: Int) async throws {
        let mayAct = Mutex(true)
        let store = GatedStore(concurrentWrites: concurrentWrites)
        await #expect(throws: LeadershipLost()) {
            try await withWriter(store, mayAct: { mayAct.withLock { $0 } }) { writer, _, calls in
                writer.put([StatusWrite("a", 1)])
                let first = try #require(await calls.next())
                mayAct.withLock { $0 = false }
                writer.put([StatusWrite("b", 1)])
                first.answer()
            }
        }
        #expect(store.callCount == 1)
    }

    @Test("gives way while runs arrive, and no longer")
    func yields() {
        var queue = WriteQueue(calls: 64)
        var open: [[StatusWrite]] = []
        var number = 0
        /// The server works on one call at a time, for 5 ms. Returns how many are under way in the end.
        func work(from start: Int64, arrivals: Bool, since: Int64? = nil) -> Int {
            for step in 0..<2000 {
                let now = start + Int64(step) * 5000
                if arrivals, step % 10 == 0 { queue.noteArrival(at: now) }
                func more() {
                    number += 1
                    queue.put([StatusWrite("u\(number)", 1)], at: since ?? now)
                }
                more()
                while let batch = queue.begin() {
                    open.append(batch)
                    more()
                }
                let ended = open.removeFirst()
                _ = queue.note(took: Int64(open.count + 1) * 5000, at: now)
                queue.next(after: ended).map { open.append($0) }
            }
            return open.count
        }
        #expect((9...12).contains(work(from: 0, arrivals: false)))
        #expect((2...3).contains(work(from: 20_000_000, arrivals: true)))
        #expect((9...12).contains(work(from: 40_000_000, arrivals: false)))
        // What has waited for more than two seconds has given way for long enough.
        #expect((9...12).contains(work(from: 60_000_000, arrivals: true, since: 57_000_000)))
    }

    @Test("keeps each run's order, one at a time, in whatever order answers come", arguments: 0..<20)
    func chance(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let calls = Int.random(in: 1...5, using: &random)
        var queue = WriteQueue(calls: calls)
        var given: [String: Int] = [:]
        var begun: [String: Int] = [:]
        var open: [[StatusWrite]] = []
        func begin(_ batch: [StatusWrite]) {
            for write in batch {
                #expect(Int(write.resourceVersion) == begun[write.uid, default: 0] + 1)
                begun[write.uid, default: 0] += 1
            }
            let running = open.flatMap { $0.map(\.uid) }
            #expect(!batch.contains { running.contains($0.uid) })
            open.append(batch)
            #expect(open.count <= calls)
        }
        var steps = 0
        while steps < 400 || !open.isEmpty {
            steps += 1
            let isWindingDown = steps > 400
            if !isWindingDown, Int.random(in: 0..<2, using: &random) == 0 {
                queue.put(
                    (0..<Int.random(in: 1...3, using: &random)).map { _ in
                        let uid = "u\(Int.random(in: 0..<8, using: &random))"
                        given[uid, default: 0] += 1
                        return StatusWrite(uid, given[uid, default: 0])
                    }, at: Int64(steps))
            }
            while let batch = queue.begin() { begin(batch) }
            if !open.isEmpty, isWindingDown || Int.random(in: 0..<3, using: &random) > 0 {
                let batch = open.remove(at: Int.random(in: 0..<open.count, using: &random))
                if let next = queue.next(after: batch) { begin(next) }
            }
        }
        #expect(begun == given)
    }
}
