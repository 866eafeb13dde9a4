import Model
import Testing

@testable import Controller

@Suite("The table of runs")
struct RunTableTests {
    @Test func `holds what is put in, changes it in its place, and forgets what is taken out`() {
        var table = RunTable()
        #expect(table.isEmpty)
        for uid in ["a", "b", "c"] { table[uid] = RunEntry(sampleRun(uid)) }
        table["b"]?.writeFailures = 7
        table["missing"]?.writeFailures = 7
        #expect(table["b"]?.writeFailures == 7)
        #expect(table.keys.sorted() == ["a", "b", "c"])

        #expect(table.remove("b")?.writeFailures == 7)
        #expect(table.remove("b") == nil)
        table["c"] = nil
        #expect(table["b"] == nil)
        #expect(table.values.map(\.run.uid) == ["a"])

        // The free places are taken again, each once.
        for uid in ["d", "e", "f"] { table[uid] = RunEntry(sampleRun(uid)) }
        #expect(table.keys.sorted() == ["a", "d", "e", "f"])
        for uid in table.keys { #expect(table[uid]?.run.uid == uid) }
        #expect(table.values.map(\.run.uid).sorted() == ["a", "d", "e", "f"])
    }

    @Test func `a copy doesn't change with the original`() {
        var table = RunTable()
        table["a"] = RunEntry(sampleRun("a"))
        let copy = table
        table["a"]?.writeFailures = 7
        table["b"] = RunEntry(sampleRun("b"))
        #expect(copy["a"]?.writeFailures == 0)
        #expect(copy["b"] == nil)
    }
}
