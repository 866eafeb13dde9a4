package import Model

/// One thing that keeps a run or a stage from going on.
///
/// A closed list: each has its words in `Gate+Words`, where the compiler asks for those of a new one.
package enum Gate: Equatable, Sendable {
    // Of a run as a whole.
    /// Nobody acts on the home's resources.
    case noController
    /// The controller has not looked at what is wanted yet.
    case unplanned
    case pipelineMissing(String)
    case pipelineSuspended(String)
    case invalidSpec(String)
    case specChanged(String)
    case concurrencyLimit(String)
    case concurrencyRejected(String)
    case superseded(String)
    case paused
    /// A pull request from a fork that nobody has let go yet; the commit to look at.
    case fork(String)
    /// The run is being brought to its end; why.
    case windingDown(String)
    /// The commit is being found out.
    case source(String)
    /// Finding out the commit failed; the error.
    case sourceTrouble(String)
    /// Of Kafka as it was when that was asked or stored; the error.
    case kafka(String)

    // Of one stage.
    /// Something that it needs has not ended, or not well enough.
    case need(Need)
    /// A stage of `finally`: the others that have not ended, by title.
    case others([String])
    /// Its `when` doesn't hold, so it is going to be skipped; the clause.
    case when(String)
    case approval(stage: String, question: String?, deadline: Timestamp?)
    case backOff(until: Timestamp, failures: Int, of: Int)
    /// As many combinations as may run at once do, or are about to; their titles.
    case maxParallel(limit: Int, stage: String, active: [String])
    case agents(Demand)
    /// It waits for an agent, and who is there could not be asked: what the status says of it.
    case unseenAgents(kind: String, stored: String)
    /// Given to an agent that has not claimed it; `isHeard` is nil where agents could not be asked.
    case claim(agent: String, since: Timestamp?, isHeard: Bool?)
    /// Nothing speaks against it any more: it goes on in the controller's next pass.
    case due

    package struct Need: Equatable, Sendable {
        package var stage: String
        /// What people see: `test[python=3.12]`.
        package var title: String
        package var state: StageStatus.State
        /// What its status says.
        package var message: String?
        /// Whether its failure would do as well.
        package var mayFail: Bool
    }

    package struct Demand: Equatable, Sendable {
        package var kind: String
        package var selector: StringMap
        /// Of every agent that offers the kind, by name.
        package var agents: [Answer]
        /// How many agents are there that offer other kinds.
        package var others: Int

        package struct Answer: Equatable, Sendable {
            package var agent: String
            package var verdict: AgentVerdict
        }
    }
}
