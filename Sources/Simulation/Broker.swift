internal import AgentProtocol
internal import Model

/// The broker: topics of partitions, each an ordered log that many read at their own pace.
final class Broker {
    enum Payload {
        case toAgent(ControllerMessage)
        case report(AgentReport)
        case presence(Presence)
    }

    struct Record {
        var payload: Payload
        var at: Int64
    }

    final class Partition {
        let name: String
        let number: Int
        private(set) var records: [Record] = []
        var consumers: [Consumer] = []
        /// Counts how often everything was forgotten.
        private(set) var generation = 0
        /// The controllers' committed position.
        var committed: Int64?
        /// Who committed that.
        var committer = ""

        init(name: String, number: Int) {
            self.name = name
            self.number = number
        }

        var end: Int { records.count }

        func append(_ payload: Payload, at time: Int64) {
            records.append(Record(payload: payload, at: time))
            for consumer in consumers { consumer.wake() }
        }

        func forget() {
            generation += 1
            records = []
            committed = nil
        }
    }

    var isUp: Bool { outages == 0 }
    private(set) var outages = 0
    /// Changes with each new broker, which knows nothing.
    private(set) var generation = 0
    let kinds: [String]
    /// By kind, then partition.
    private let inboxes: [[Partition]]
    let results: [Partition]
    let presence: [Partition]

    init(kinds: [String], inboxPartitions: Int, resultsPartitions: Int, presencePartitions: Int) {
        self.kinds = kinds
        inboxes = kinds.map { kind in
            (0..<inboxPartitions).map { Partition(name: "agent.\(kind)/\($0)", number: $0) }
        }
        results = (0..<resultsPartitions).map { Partition(name: "agent.results/\($0)", number: $0) }
        presence = (0..<presencePartitions).map { Partition(name: "agent.presence/\($0)", number: $0) }
    }

    var allInboxes: [Partition] { inboxes.flatMap { $0 } }

    func inbox(_ inbox: Inbox) -> Partition? {
        guard let place = kinds.firstIndex(of: inbox.kind), inboxes[place].indices.contains(inbox.partition) else {
            return nil
        }
        return inboxes[place][inbox.partition]
    }

    func inboxNumber(of agent: String, kind: String) -> Int {
        guard let place = kinds.firstIndex(of: kind) else { return 0 }
        return Int(stableHash(agent) % UInt64(inboxes[place].count))
    }

    func results(of run: String) -> Partition { results[Int(stableHash(run) % UInt64(results.count))] }
    func presence(of agent: String) -> Partition { presence[Int(stableHash(agent) % UInt64(presence.count))] }

    func fail() { outages += 1 }
    func recover() { outages -= 1 }

    func forgetEverything() {
        generation += 1
        for partition in allInboxes + results + presence { partition.forget() }
    }
}

/// One process's reading of one partition: in order, all that there is at a time.
final class Consumer {
    unowned let process: SimulatedProcess
    let partition: Broker.Partition
    private(set) var position: Int
    private var isDue = false
    private var isClosed = false
    private var deliver: ((Consumer, Range<Int>) -> Void)?

    init(
        _ process: SimulatedProcess, _ partition: Broker.Partition, from position: Int,
        deliver: @escaping (Consumer, Range<Int>) -> Void
    ) {
        self.process = process
        self.partition = partition
        self.position = min(position, partition.end)
        self.deliver = deliver
        partition.consumers.append(self)
        process.consumers.append(self)
        wake()
    }

    /// There may be something to read.
    func wake() {
        guard !isDue, !isClosed, position < partition.end else { return }
        isDue = true
        process.later(process.world.fetchLatency(process)) { [self] in
            isDue = false
            guard !isClosed, process.isConnected, position < partition.end else { return }
            let range = position..<partition.end
            position = range.upperBound
            deliver?(self, range)
        }
    }

    func close() {
        isClosed = true
        deliver = nil
        partition.consumers.removeAll { $0 === self }
    }
}
