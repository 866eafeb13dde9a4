import Kafka
import Synchronization
package import Telemetry

/// What metrics show of the link.
extension KafkaLink {
    /// - Parameter channel: The controller's, where this process has one.
    package func figures(of channel: KafkaAgentChannel? = nil) -> KafkaFigures {
        var figures = KafkaFigures()
        figures.isUp = channel?.isUp
        figures.resultsLag = channel.flatMap { $0.state.withLock { $0.resultsLag } }
        figures.producers = [outlet.figures(name: "messages"), logOutlet.figures(name: "logs")]
        let counts = recordCounts
        figures.foreign = counts.foreign
        figures.faults = counts.faults.map { KafkaFigures.Fault(reason: $0.reason, count: $0.count) }
        figures.setAside = counts.setAside
        figures.leftOut = counts.leftOut
        return figures
    }

    func lag(to ends: [KafkaOffset]) -> Int { state.withLock { $0.routes.lag(to: ends) } }
}
