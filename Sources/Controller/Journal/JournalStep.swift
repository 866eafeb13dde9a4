internal import Document
internal import Model

/// One step of the controller's machine: when it was, what came in, what was decided.
package struct JournalStep: Equatable, Sendable {
    package var at: Moment
    package var inputs: [ControllerInput]
    package var actions: [ControllerAction]

    package init(at moment: Moment, inputs: [ControllerInput], actions: [ControllerAction]) {
        at = moment
        self.inputs = inputs
        self.actions = actions
    }

    /// The step as a line of JSON, without the newline.
    package var line: [UInt8] {
        var json = JSONWriter(reservingCapacity: 1024)
        json.beginObject()
        json.member("wall", at.wall.microseconds)
        json.member("uptime", at.uptime)
        json.key("inputs")
        json.beginArray()
        for input in inputs { input.write(into: &json) }
        json.endArray()
        json.key("actions")
        json.beginArray()
        for action in actions { action.write(into: &json) }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}

/// The first line of what one process has recorded: what its machine was made of.
package struct JournalHeader: Equatable, Sendable {
    /// Rises when a line can no longer be read by the versions before.
    package static let format = 2

    package var format = JournalHeader.format
    /// The program's.
    package var version: String
    package var configuration: ControllerConfiguration

    package init(version: String, configuration: ControllerConfiguration) {
        self.version = version
        self.configuration = configuration
    }

    package var line: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("journal", format)
        json.member("version", version)
        json.key("configuration")
        json.beginObject()
        json.member("leaseSeconds", configuration.leaseSeconds)
        json.member("claimSeconds", configuration.claimSeconds)
        json.member("deferMilliseconds", configuration.deferMilliseconds)
        json.member("passOverSeconds", configuration.passOverSeconds)
        json.member("longestPassOverSeconds", configuration.longestPassOverSeconds)
        json.member("inProcessInstances", configuration.inProcessInstances.sorted())
        json.member("notesSpecHash", configuration.notesSpecHash)
        json.endObject()
        json.endObject()
        return json.bytes
    }

    /// Nil for a line that is no header.
    init?(reading node: Node) throws(JournalError) {
        guard node["journal"] != nil else { return nil }
        let header = JournalNode(node, name: "header")
        format = Int(try header.number("journal"))
        version = try header.text("version")
        let stored = try header.object("configuration")
        configuration = ControllerConfiguration()
        configuration.leaseSeconds = Int(try stored.number("leaseSeconds"))
        configuration.claimSeconds = Int(try stored.number("claimSeconds"))
        configuration.deferMilliseconds = Int(try stored.number("deferMilliseconds"))
        configuration.passOverSeconds = Int(try stored.number("passOverSeconds"))
        configuration.longestPassOverSeconds = Int(try stored.number("longestPassOverSeconds"))
        configuration.inProcessInstances = Set(try stored.texts("inProcessInstances"))
        if stored.has("notesSpecHash") { configuration.notesSpecHash = try stored.flag("notesSpecHash") }
    }
}
