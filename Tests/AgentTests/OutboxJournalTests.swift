import AgentProtocol
import Execution
import Model
import Testing

@testable import Agent

struct OutboxJournalTests {
    private func report(_ number: Int) -> AgentReport {
        AgentReport(
            fence: fence(number), agent: "a", instance: "i.0", digest: "d\(number)",
            event: .finished(StageOutcome(.failed, message: "line\nline", results: [Param(name: "x", value: "y z")])))
    }

    private func load(_ folder: TemporaryFolder) throws -> [Int: AgentReport] {
        Dictionary(uniqueKeysWithValues: try OutboxJournal(folder: folder.path).load())
    }

    @Test func `what was kept and not dropped is there again`() async throws {
        let folder = TemporaryFolder()
        let journal = try OutboxJournal(folder: folder.path)
        #expect(try journal.load().isEmpty)
        for number in 1...5 { journal.keep(report(number), number: number) }
        journal.drop(2)
        journal.close()
        journal.drop(4)
        journal.close()
        _ = consume journal
        #expect(try load(folder) == [1: report(1), 3: report(3), 5: report(5)])
        await folder.remove()
    }

    @Test func `what the broker had at once never touches the disk`() async throws {
        let folder = TemporaryFolder()
        let journal = try OutboxJournal(folder: folder.path)
        _ = try journal.load()
        journal.keep(report(1), number: 1)
        journal.drop(1)
        journal.close()
        #expect(try folder.read("outbox") == "")
        await folder.remove()
    }

    @Test(arguments: [1, 10, 50])
    func `a torn tail is left out`(missing: Int) async throws {
        let folder = TemporaryFolder()
        do {
            let journal = try OutboxJournal(folder: folder.path)
            _ = try journal.load()
            for number in 1...3 { journal.keep(report(number), number: number) }
            journal.close()
        }
        let text = try folder.read("outbox")
        try folder.write(String(text.dropLast(missing + 1)), to: "outbox")
        #expect(try load(folder) == [1: report(1), 2: report(2)])
        // And what comes next isn't glued to it.
        #expect(try load(folder) == [1: report(1), 2: report(2)])
        await folder.remove()
    }

    @Test func `a damaged line costs no other`() async throws {
        let folder = TemporaryFolder()
        do {
            let journal = try OutboxJournal(folder: folder.path)
            _ = try journal.load()
            for number in 1...3 { journal.keep(report(number), number: number) }
            journal.close()
        }
        let text = try folder.read("outbox")
        try folder.write(text.replacing("\"d2\"", with: "\"dX\""), to: "outbox")
        #expect(try load(folder) == [1: report(1), 3: report(3)])
        await folder.remove()
    }

    @Test func `two agents can't share a folder`() async throws {
        let folder = TemporaryFolder()
        let journal = try OutboxJournal(folder: folder.path)
        #expect(throws: OutboxJournalError.self) { try OutboxJournal(folder: folder.path) }
        _ = journal
        await folder.remove()
    }
}
