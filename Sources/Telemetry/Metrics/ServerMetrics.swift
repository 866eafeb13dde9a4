package import PrometheusMetrics

/// Counts what the web server answers, and what people are told.
package final class ServerMetrics: Sendable {
    package static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private let requests: Counter
    private let duration: Histogram
    private let webhooks: Counter
    private let webhookDuration: Histogram.Series
    private let notifications: Counter

    package init(in registry: MetricsRegistry) {
        requests = registry.counter(
            "martlet_http_requests_total", "Requests that the web server has answered.",
            labels: ["method", "route", "code"])
        duration = registry.histogram(
            "martlet_http_request_duration_seconds", "From a request to the head of its answer.", labels: ["route"],
            bounds: Self.bounds, limit: 100)
        webhooks = registry.counter(
            "martlet_webhook_requests_total", "Webhooks' deliveries that have been answered.",
            labels: ["event", "code"])
        webhookDuration = registry.histogram(
            "martlet_webhook_duration_seconds", "From a webhook's delivery to its answer.", bounds: Self.bounds
        ).with()
        notifications = registry.counter(
            "martlet_notifications_total", "Notifications, by whom they are for and what became of them.",
            labels: ["target", "outcome"], limit: 100)
    }

    /// - Parameter route: As it is declared (`/api/runs/{uid}`), never the path that was asked for.
    package func answered(method: String, route: String, code: Int, seconds: Double) {
        requests.add(1, Self.methods.contains(method) ? method : MetricFamily.other, route, "\(code)")
        duration.observe(seconds, route)
    }

    /// - Parameter event: The delivery's `X-GitHub-Event`, where it is one of those that are known.
    package func answeredWebhook(event: String, code: Int, seconds: Double) {
        webhooks.add(1, event, "\(code)")
        webhookDuration.observe(seconds)
    }

    /// - Parameters:
    ///   - target: `slack`, `github-statuses`, `github-checks`.
    ///   - outcome: `told`, `refused`, `failed`.
    package func notified(target: String, outcome: String) { notifications.add(1, target, outcome) }
}

extension MetricsRegistry {
    /// Adds `martlet_build_info`.
    package func addBuild(version: String) {
        let build = MetricFamily(
            "martlet_build_info", .gauge, "Always 1; the label says which version this is.", labels: ["version"])
        collect { $0.add(build, 1, version) }
    }
}
