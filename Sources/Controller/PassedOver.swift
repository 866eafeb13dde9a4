package import Model

/// An agent's instance that gets nothing for a while, since it declined its last stage or didn't claim it.
package struct PassedOver: Fields, Equatable {
    package var agent = ""
    package var instance = ""
    package var until = Timestamp(microseconds: 0)
    /// What it did, after its name: "declined it: all 2 slots are taken".
    package var cause = ""

    package init() {}

    package init(agent: String, instance: String, until: Timestamp, cause: String) {
        self.agent = agent
        self.instance = instance
        self.until = until
        self.cause = cause
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("agent", &agent, .filled(253))
        visitor.text("instance", &instance, .filled(64))
        var time: Timestamp? = until
        visitor.time("until", &time)
        until = time ?? until
        visitor.text("cause", &cause, .any(2048))
    }
}
