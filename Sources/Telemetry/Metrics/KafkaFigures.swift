package import PrometheusMetrics

/// What a process's link to Kafka has done, and how it stands.
package struct KafkaFigures: Equatable, Sendable {
    /// One of the link's producers.
    package struct Producer: Equatable, Sendable {
        package var name: String
        /// Deliveries that failed, those tried again included.
        package var errors = 0
        /// From the moment a message was handed over to its acknowledgement, by `deliveryBounds`.
        package var deliveries = HistogramCounts(buckets: KafkaFigures.deliveryBounds.count + 1)
        /// What waits for its acknowledgement and is kept until then.
        package var keptBytes = 0

        package init(name: String) {
            self.name = name
        }
    }

    /// In seconds.
    package static let deliveryBounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// Whether the controller's own fetches are answered; nil until that is known, and where there is no controller.
    package var isUp: Bool?
    /// Records of agents' results that have not been read; nil until that is known.
    package var resultsLag: Int?
    package var producers: [Producer] = []
    /// Records of other installations.
    package var foreign = 0
    /// Records that can't be acted on, by reason.
    package var faults: [Fault] = []
    /// Of these, the ones that are on a `.dead` topic, and the ones that aren't.
    package var setAside = 0
    package var leftOut = 0

    package struct Fault: Equatable, Sendable {
        package var reason: String
        package var count: Int

        package init(reason: String, count: Int) {
            self.reason = reason
            self.count = count
        }
    }

    package init() {}
}

extension MetricsRegistry {
    /// Adds `martlet_kafka_…`.
    package func addKafka(_ figures: @escaping @Sendable () -> KafkaFigures?) {
        let isUp = MetricFamily("martlet_kafka_up", .gauge, "Whether the controller's fetches are answered.")
        let lag = MetricFamily(
            "martlet_kafka_results_lag_records", .gauge, "Records of agents' results that have not been read.")
        let errors = MetricFamily(
            "martlet_kafka_producer_errors_total", .counter, "Deliveries that failed, those tried again included.",
            labels: ["producer"])
        let deliveries = MetricFamily(
            "martlet_kafka_delivery_seconds", .histogram, "From a message's hand-over to its acknowledgement.",
            labels: ["producer"])
        let kept = MetricFamily(
            "martlet_kafka_kept_bytes", .gauge, "What waits for its acknowledgement and is kept until then.",
            labels: ["producer"])
        let foreign = MetricFamily(
            "martlet_kafka_foreign_records_total", .counter, "Records of other installations, ignored.")
        let faulty = MetricFamily(
            "martlet_kafka_faulty_records_total", .counter, "Records that can't be acted on.", labels: ["reason"])
        let setAside = MetricFamily(
            "martlet_kafka_set_aside_records_total", .counter, "Faulty records that were put on a .dead topic.")
        let leftOut = MetricFamily(
            "martlet_kafka_dropped_records_total", .counter,
            "Faulty records that were not put on a .dead topic: too many at once, or it could not be written to.")
        collect { collection in
            guard let figures = figures() else { return }
            if let up = figures.isUp { collection.add(isUp, up ? 1 : 0) }
            if let count = figures.resultsLag { collection.add(lag, Double(count)) }
            for producer in figures.producers {
                collection.add(errors, Double(producer.errors), producer.name)
                collection.add(
                    deliveries, bounds: KafkaFigures.deliveryBounds, producer.deliveries, producer.name)
                collection.add(kept, Double(producer.keptBytes), producer.name)
            }
            collection.add(foreign, Double(figures.foreign))
            for fault in figures.faults { collection.add(faulty, Double(fault.count), fault.reason) }
            collection.add(setAside, Double(figures.setAside))
            collection.add(leftOut, Double(figures.leftOut))
        }
    }
}
