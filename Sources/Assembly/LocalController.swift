package import Controller
internal import Kafka
package import KafkaTransport
package import Manifests
internal import Model
internal import Planning
package import Stores

/// The folder home as one process: store, broker or brokers, controller, agents.
package final class LocalController: Sendable {
    package let store: FolderStore
    private let unit: ControllerUnit

    package var folder: StateFolder { unit.folder }
    package var logs: FolderLogStore { unit.logs }
    /// `HOST:PORT` of the embedded broker; nil with real brokers.
    package var brokerAddress: String? { unit.broker?.bootstrapServers }
    /// What became of records that were no messages for this process: for metrics.
    package var recordCounts: RecordCounts { unit.recordCounts }

    /// Opens the state folder as its only controller, and starts the embedded broker where no other is named.
    ///
    /// - Parameters:
    ///   - manifests: files and folders.
    ///   - reportProblems: is told what is wrong with files that change later.
    /// - Throws: `StateError` for the folder, `KafkaError` for Kafka's settings.
    package init(
        _ options: ControllerOptions, manifests: [String] = [],
        reportProblems: @escaping @Sendable ([FileProblem]) -> Void = { _ in },
        observers: [any ControllerObserver] = []
    ) throws {
        let folder = try StateFolder.made(at: options.state)
        store = try FolderStore(folder, manifests: manifests, report: reportProblems)
        do {
            unit = try ControllerUnit(
                options,
                ControllerUnit.Home(
                    store: store, installation: folder.installation, source: folder.installation,
                    allowsLocalSources: true, desk: { [store] in FolderDesk(store, board: $0) }),
                in: folder, logs: try FolderLogStore(folder, reportingTo: options.logger),
                observers: observers + [PassedOverNotice(folder: folder)])
        } catch {
            store.close()
            throw error
        }
    }

    /// Says where the embedded broker is, once agents of other processes find their topics there: one that they merely
    /// name is made with another number of partitions.
    private func announce() async throws {
        guard let broker = unit.broker else { return }
        try await unit.untilOpen()
        try folder.announceBroker(Stores.BrokerAddress(address: broker.bootstrapServers))
    }

    /// Reads the manifests; see `FolderStore.load`.
    package func load(strictly: Bool) throws -> [FileProblem] {
        try store.load(strictly: strictly)
    }

    /// Works until the task is cancelled. The agents inside are killed then: drain them first.
    package func run() async throws {
        let result: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.unit.serveLink() }
                group.addTask { try await self.unit.serveWeb() }
                group.addTask { try await self.store.run() }
                group.addTask { try await self.unit.lead() }
                group.addTask { try await self.announce() }
                group.addTask { try await Task.sleep(for: .seconds(Int32.max)) }
                // The first failure ends the others; `waitForAll` would wait for them.
                for try await _ in group {}
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        if unit.broker != nil { folder.withdrawBroker() }
        await unit.close()
        store.close()
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
    }

    /// Has the agents inside finish what they run, and take nothing more; returns when they have, or when the time is up.
    package func drain(for limit: Duration) async { await unit.drain(for: limit) }
}

extension StateFolder {
    /// Makes the folder where there is none.
    static func made(at path: String) throws(StateError) -> StateFolder {
        do throws(StateError) {
            return try StateFolder.create(at: path)
        } catch {
            guard error.kind == .notFound else { throw error }
            throw StateError(.notPermitted, path, "the folder can't be made: \(error.message)")
        }
    }
}

/// Leaves word for commands of what the controller alone knows. The file is tiny and changes seldom.
private struct PassedOverNotice: ControllerObserver {
    let folder: StateFolder

    init(folder: StateFolder) {
        self.folder = folder
        // What a controller before this one has decided holds no longer.
        passedOver([])
    }

    func passedOver(_ instances: [PassedOver]) {
        // Only a command's answer is poorer without it.
        try? folder.announce(passedOver: instances)
    }

    func observed(_ run: PipelineRun, happenings: [Happening], isStored: Bool) {}
}
