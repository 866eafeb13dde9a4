package import PrometheusMetrics

/// What a process has asked a Kubernetes API server.
package struct ClusterFigures: Equatable, Sendable {
    package struct Requests: Equatable, Sendable {
        /// `GET`.
        package var method: String
        /// `2xx`, or `error` where there was no answer.
        package var code: String
        package var count: Int

        package init(method: String, code: String, count: Int) {
            self.method = method
            self.code = code
            self.count = count
        }
    }

    package var requests: [Requests] = []
    /// Attempts after the first of a request.
    package var retries = 0
    /// How long requests have waited for the client's own limit.
    package var throttledSeconds = 0.0
    /// Watches begun, the first of each collection included.
    package var watches = 0

    package init() {}
}

extension MetricsRegistry {
    /// Adds `martlet_kubernetes_…`.
    package func addCluster(_ figures: @escaping @Sendable () -> ClusterFigures) {
        let requests = MetricFamily(
            "martlet_kubernetes_requests_total", .counter,
            "Attempts of requests to the API server, by the first digit of the answer's code.",
            labels: ["method", "code"])
        let retries = MetricFamily(
            "martlet_kubernetes_request_retries_total", .counter, "Attempts after the first of a request.")
        let throttled = MetricFamily(
            "martlet_kubernetes_throttled_seconds_total", .counter,
            "How long requests have waited for the client's own limit, all together.")
        let watches = MetricFamily(
            "martlet_kubernetes_watches_total", .counter,
            "Watches begun: the first of each collection, and each that was started anew.")
        collect { collection in
            let figures = figures()
            for line in figures.requests { collection.add(requests, Double(line.count), line.method, line.code) }
            collection.add(retries, Double(figures.retries))
            collection.add(throttled, figures.throttledSeconds)
            collection.add(watches, Double(figures.watches))
        }
    }
}
