import Testing

@testable import PrometheusMetrics

@Suite
struct ProcessFiguresTests {
    @Test
    func `a program's name may hold what separates fields`() {
        let stat =
            "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 1234 1000000 300 18446744073709551615"
        var expected = ProcessFigures()
        expected.cpuSeconds = 3
        expected.startTime = 12.34
        expected.virtualBytes = 1_000_000
        expected.residentBytes = 1_228_800
        #expect(ProcessFigures.reading(stat, ticks: 100, pageSize: 4096) == expected)
    }

    @Test(arguments: ["", "7 (a", "7 (a) S 1 2"])
    func `what can't be read gives nothing`(_ stat: String) {
        #expect(ProcessFigures.reading(stat, ticks: 100, pageSize: 4096) == nil)
    }

    @Test
    func `the machine's start is on a line of its own`() {
        #expect(ProcessFigures.bootTime("cpu 1 2\nbtime 1700000000\nprocesses 3\n") == 1_700_000_000)
    }

    @Test
    func `this process has memory, files and a past`() throws {
        let figures = try #require(ProcessFigures.current())
        #expect(figures.residentBytes > 1_000_000 && figures.virtualBytes > figures.residentBytes)
        #expect(figures.openFiles.map { $0 >= 3 } == true)
        #expect(figures.startTime.map { $0 > 1_500_000_000 } == true)
    }
}
