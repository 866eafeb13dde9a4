internal import Document
internal import Glibc
package import Model

/// Where the embedded broker listens, for agents and commands in other processes.
package struct BrokerAddress: Fields, Equatable {
    /// `127.0.0.1:36211`.
    package var address = ""
    /// The process that the broker lives and ends with.
    package var pid = 0

    package init() {}

    package init(address: String, pid: Int = Int(getpid())) {
        self.address = address
        self.pid = pid
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("address", &address, .filled(2048))
        visitor.number("pid", &pid, default: 0, in: 0...Int(Int32.max))
    }

    /// Whether the broker's process is still there. A process id that was given anew counts as there.
    package var isAlive: Bool {
        pid > 0 && (kill(pid_t(pid), 0) == 0 || errno == EPERM)
    }
}

extension StateFolder {
    /// Says where the broker listens, in the place of what was said before.
    package func announceBroker(_ broker: BrokerAddress) throws(StateError) {
        try brokerFile.replace(with: FieldWriter.bytes(broker))
    }

    /// Takes the address back when the broker ends.
    package func withdrawBroker() {
        brokerFile.remove()
    }

    /// The address that was announced last; nil when there is none. It may be that of a process that has ended.
    package func broker() throws(StateError) -> BrokerAddress? {
        guard let bytes = try brokerFile.read() else { return nil }
        do {
            let (broker, problems) = FieldReader.read(BrokerAddress.self, from: try parseJSON(bytes), strict: false)
            if let problem = problems.first {
                throw StateError.damaged(brokerFile.path, problem.message)
            }
            return broker
        } catch let error as StateError {
            throw error
        } catch {
            throw StateError.damaged(brokerFile.path, "\(error)")
        }
    }

    /// Gives the address now and again whenever it is another, nil while there is none, until the task is cancelled.
    ///
    /// - Throws: `StateError` when the folder can't be watched.
    package func brokers() throws(StateError) -> AsyncStream<BrokerAddress?> {
        let signals = try StateSignals(self)
        let ticks = signals.stream(of: .broker)
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task {
                var last: BrokerAddress??
                // The stream begins with a tick, so that the address at the start is told too.
                for await _ in ticks {
                    // A file that can't be read is told as none: the next change of it tells more.
                    let broker = (try? self.broker()) ?? nil
                    if last != .some(broker) { continuation.yield(broker) }
                    last = .some(broker)
                }
                signals.close()
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
