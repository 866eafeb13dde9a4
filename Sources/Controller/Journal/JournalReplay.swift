internal import Document
internal import Model

/// Derives again what a journal says was decided, with the machine itself.
///
/// Whatever else a decision rested on than the inputs and the times that are in the journal (a clock, the order of a
/// Dictionary, another version's rules) shows as a difference.
package struct JournalReplay: Sendable {
    /// What was found on a line.
    package enum Finding: Equatable, Sendable {
        case began(JournalHeader)
        case same(decisions: Int)
        /// The recorder could not keep up, or its disk was full: what follows was not recorded.
        case cut(String)
        case different(JournalDifference)
    }

    private var machine: ControllerMachine?

    package init() {}

    /// Takes the next line. After a difference the machine goes on with what it derived itself.
    ///
    /// - Throws: `JournalError` for what is no line of a journal.
    package mutating func take(_ line: [UInt8]) throws(JournalError) -> Finding {
        let node: Node
        do throws(JSONError) {
            node = try parseJSON(line, limits: JSONLimits(bytes: .max, values: .max))
        } catch {
            throw .malformed("\(error)")
        }
        if let header = try JournalHeader(reading: node) {
            guard header.format <= JournalHeader.format else { throw .newerFormat(header.format) }
            machine = ControllerMachine(configuration: header.configuration)
            return .began(header)
        }
        if let reason = node["cut"]?.string {
            machine = nil
            return .cut(reason)
        }
        var step = try JournalStep(inputsOf: node)
        guard var machine else { throw .headless }
        // The one owner of its storage, so that a step copies nothing.
        self.machine = nil
        step.actions = machine.step(step.inputs, at: step.at)
        self.machine = machine
        let derived = step.line
        guard derived != line else { return .same(decisions: step.actions.count) }
        return .different(try JournalDifference(at: step.at, recorded: node, derived: derived))
    }
}

extension JournalStep {
    /// The moment and the inputs of a recorded line.
    fileprivate init(inputsOf node: Node) throws(JournalError) {
        let step = JournalNode(node, name: "step")
        let moment = Moment(
            wall: .init(microseconds: try step.number("wall")), uptime: try step.number("uptime"))
        var inputs: [ControllerInput] = []
        for input in try step.array("inputs") { inputs.append(try ControllerInput(journal: input)) }
        self.init(at: moment, inputs: inputs, actions: [])
    }
}
