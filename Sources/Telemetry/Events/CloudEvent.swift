package import Model

/// An event for whoever listens, with the attributes that every CloudEvent has.
package struct CloudEvent: Equatable, Sendable {
    /// Unique together with `source`, and the same however often the event is published.
    package var id: String
    package var source: String
    package var type: String
    package var subject: String
    package var time: Timestamp
    /// JSON.
    package var data: [UInt8]

    package init(id: String, source: String, type: String, subject: String, time: Timestamp, data: [UInt8]) {
        self.id = id
        self.source = source
        self.type = type
        self.subject = subject
        self.time = time
        self.data = data
    }
}
