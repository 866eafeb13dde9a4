/// Takes events to whoever listens.
package protocol EventPublisher: Sendable {
    /// Takes an event, to be delivered at least once. Events with the same key are delivered in their order.
    ///
    /// False if there was no room for it, and it was dropped. Returns before the event is delivered.
    func publish(_ event: CloudEvent, key: String) async -> Bool
}
