import Testing

@testable import PrometheusMetrics

@Suite
struct MetricsRegistryTests {
    @Test
    func `everything is written in the order of names and labels`() async {
        let registry = MetricsRegistry()
        let runs = registry.counter("runs_total", "Runs.", labels: ["outcome"])
        runs.add(2, "b")
        runs.with("a").add()
        registry.counter("answers_total", "Answers.").add(3)
        let times = registry.histogram("time_seconds", "Time.", labels: ["kind"], bounds: [0.5, 1])
        for time in [0.5, 0.75, 4] { times.observe(time, "lint") }
        registry.collect { collection in
            let depth = MetricFamily("depth", .gauge, "Depth.", labels: ["kind"])
            collection.add(depth, 1, "z")
            collection.add(depth, 0.25, "a")
        }
        #expect(
            await registry.render() == """
                # HELP answers_total Answers.
                # TYPE answers_total counter
                answers_total 3
                # HELP depth Depth.
                # TYPE depth gauge
                depth{kind="a"} 0.25
                depth{kind="z"} 1
                # HELP runs_total Runs.
                # TYPE runs_total counter
                runs_total{outcome="a"} 1
                runs_total{outcome="b"} 2
                # HELP time_seconds Time.
                # TYPE time_seconds histogram
                time_seconds_bucket{kind="lint",le="0.5"} 1
                time_seconds_bucket{kind="lint",le="1"} 2
                time_seconds_bucket{kind="lint",le="+Inf"} 3
                time_seconds_sum{kind="lint"} 5.25
                time_seconds_count{kind="lint"} 3

                """)
    }

    @Test
    func `what is not counted yet is zero where there are no labels, and absent where there are`() async {
        let registry = MetricsRegistry()
        _ = registry.counter("bare_total", "Bare.")
        _ = registry.counter("labelled_total", "Labelled.", labels: ["kind"])
        let text = await registry.render()
        #expect(text.contains("bare_total 0\n"))
        #expect(!text.contains("labelled_total{"))
    }

    @Test
    func `values and help are escaped`() async {
        let registry = MetricsRegistry()
        registry.counter("odd_total", "A \\ and\na \"line\".", labels: ["what"]).add(1, "a\\b\"c\nd")
        #expect(
            await registry.render() == #"""
                # HELP odd_total A \\ and\na "line".
                # TYPE odd_total counter
                odd_total{what="a\\b\"c\nd"} 1

                """#)
    }

    @Test
    func `beyond its limit a family counts everything as other`() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("words_total", "Words.", labels: ["word", "way"], limit: 2)
        for word in ["a", "b", "c", "d", "a"] { counter.add(1, word, "x") }
        let lines = await registry.render().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(
            lines == [
                #"words_total{word="a",way="x"} 2"#, #"words_total{word="b",way="x"} 1"#,
                #"words_total{word="other",way="other"} 2"#,
            ])
    }

    @Test
    func `a collector's series go when it names them no more, and none is written twice`() async {
        let registry = MetricsRegistry()
        let family = MetricFamily("depth", .gauge, "Depth.", labels: ["kind"])
        let source = Source()
        registry.collect { collection in
            for word in source.take() { collection.add(family, 1, word) }
        }
        #expect(await registry.render().contains(#"depth{kind="a"} 1"#))
        #expect(await registry.render() == "# HELP depth Depth.\n# TYPE depth gauge\ndepth{kind=\"b\"} 1\n")
    }

    private final class Source: Sendable {
        private let round = Counter.Series()

        func take() -> [String] {
            round.add()
            return round.value == 1 ? ["a"] : ["b", "b"]
        }
    }

    @Test(arguments: [
        (0.0, "0"), (1e20, "1e+20"), (0.001, "0.001"), (-2.5, "-2.5"), (.infinity, "+Inf"), (.nan, "NaN"),
    ])
    func `numbers are written with their shortest digits`(_ number: Double, _ text: String) {
        #expect(MetricsText.number(number) == text)
    }

    @Test(arguments: [
        ("martlet_runs_total", true), ("a:b", true), ("_x", true), ("", false), ("9a", false), ("a-b", false),
    ])
    func `a name is what the format takes for one`(_ name: String, _ isName: Bool) {
        #expect(MetricFamily.isName(name, colons: true) == isName)
    }

    @Test
    func `a time that is negative or no number leaves the sum as it rises`() async {
        let registry = MetricsRegistry()
        let times = registry.histogram("time_seconds", "Time.", bounds: [1])
        for time in [-3, .nan, 0.5] { times.observe(time) }
        let text = await registry.render()
        #expect(text.contains("time_seconds_sum 0.5\n") && text.contains("time_seconds_count 2\n"))
    }

    @Test
    func `many threads lose no count`() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("count_total", "Count.", labels: ["kind"])
        let times = registry.histogram("time_seconds", "Time.", bounds: [1])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        counter.add(1, "a")
                        times.observe(1)
                    }
                }
            }
        }
        let text = await registry.render()
        #expect(text.contains(#"count_total{kind="a"} 8000"#) && text.contains("time_seconds_count 8000"))
    }

    @Test
    func `the first words keep their names`() {
        let words = BoundedWords(limit: 2)
        #expect(["a", "b", "c", "a"].map { words[$0] } == ["a", "b", "other", "a"])
    }
}
