internal import Synchronization

/// A process's metrics, and what Prometheus is shown of them.
///
/// A name is registered once. Counters and histograms are counted as things happen; what has a value of its own is asked
/// for by collectors when somebody asks for the metrics.
package final class MetricsRegistry: Sendable {
    package typealias Collector = @Sendable (inout MetricsCollection) async -> Void

    /// What an answer's `Content-Type` has to say.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private struct State {
        var metrics: [String: @Sendable (inout MetricsText) -> Void] = [:]
        var collectors: [Collector] = []
    }

    private let state = Mutex(State())

    package init() {}

    package func counter(
        _ name: String, _ help: String, labels: [String] = [], limit: Int = MetricFamily.defaultLimit
    ) -> Counter {
        let counter = Counter(MetricFamily(name, .counter, help, labels: labels, limit: limit))
        register(name) { counter.render(into: &$0) }
        return counter
    }

    /// - Parameter bounds: The buckets' upper ends, rising, without the infinite one.
    package func histogram(
        _ name: String, _ help: String, labels: [String] = [], bounds: [Double],
        limit: Int = MetricFamily.defaultLimit
    ) -> Histogram {
        let histogram = Histogram(MetricFamily(name, .histogram, help, labels: labels, limit: limit), bounds: bounds)
        register(name) { histogram.render(into: &$0) }
        return histogram
    }

    /// Adds what finds values when somebody asks; called in the order in which they were added.
    package func collect(_ collector: @escaping Collector) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// Everything, in the text format 0.0.4, in the order of names and labels.
    package func render() async -> String {
        let (metrics, collectors) = state.withLock { ($0.metrics, $0.collectors) }
        var collection = MetricsCollection()
        for collector in collectors { await collector(&collection) }
        var texts = collection.texts
        for (name, render) in metrics {
            var text = MetricsText()
            render(&text)
            texts[name] = text.text
        }
        return texts.sorted { $0.key < $1.key }.map(\.value).joined()
    }

    private func register(_ name: String, _ render: @escaping @Sendable (inout MetricsText) -> Void) {
        let former = state.withLock { $0.metrics.updateValue(render, forKey: name) }
        precondition(former == nil, "\(name) is registered twice")
    }
}
