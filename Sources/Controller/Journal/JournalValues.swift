internal import AgentProtocol
internal import Document
internal import Model

// The values that inputs and actions have in common.
extension JSONWriter {
    mutating func member(_ name: StaticString, _ run: PipelineRun) {
        key(name)
        Resource.run(run).write(into: &self)
    }

    mutating func member(_ name: StaticString, _ position: ResultsPosition) {
        key(name)
        self.position(position)
    }

    mutating func position(_ position: ResultsPosition) {
        beginObject()
        member("partition", position.partition)
        member("offset", position.offset)
        endObject()
    }

    /// A message as it goes over the wire: its type and its value.
    mutating func member(_ name: StaticString, _ message: Message) {
        key(name)
        beginObject()
        member("type", message.type)
        key("value")
        raw(Envelope(id: "", source: "", installation: "", time: Timestamp(seconds: 0), message: message).value)
        endObject()
    }
}

extension JournalNode {
    func run(_ key: String) throws(JournalError) -> PipelineRun {
        PipelineRun(reading: try object(key).node)
    }

    func record<Value: Fields>(_ key: String) throws(JournalError) -> Value {
        FieldReader.read(from: try object(key).node, strict: false).value
    }

    func position(_ key: String) throws(JournalError) -> ResultsPosition {
        let position = try object(key)
        return ResultsPosition(
            partition: Int(try position.number("partition")), offset: try position.number("offset"))
    }

    func message() throws(JournalError) -> Message {
        // A journal keeps no envelopes: what is in them is of no interest to the machine.
        let headers = [
            ("ce_type", try text("type")), ("ce_id", "-"), ("ce_source", "-"), ("ce_installation", "-"),
            ("ce_time", Timestamp(seconds: 0).description),
        ].map { Envelope.Header($0, Array($1.utf8)) }
        let value = Array(try object("value").node.json().utf8)
        switch Envelope.decode(headers: headers, value: value) {
        case .success(let envelope): return envelope.message
        case .failure(let problem): throw error("\(problem)")
        }
    }
}
