package import Document

/// Follows a collection of objects at the API server: does what a `Reflector` says.
package struct CollectionWatch<Object: Sendable>: Sendable {
    private let connection: any APIConnection
    private let resource: APIResource
    private let namespace: String?
    private let clock: ClientClock
    private let chance: @Sendable () -> Double
    private let read: @Sendable (Node) -> Object?

    /// - Parameters:
    ///   - namespace: Nil for all.
    ///   - read: Makes something of an object; nil leaves it out.
    package init(
        _ resource: APIResource, namespace: String?, over connection: any APIConnection,
        clock: ClientClock = .system, chance: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        read: @escaping @Sendable (Node) -> Object?
    ) {
        self.connection = connection
        self.resource = resource
        self.namespace = namespace
        self.clock = clock
        self.chance = chance
        self.read = read
    }

    /// Follows until the task is cancelled.
    ///
    /// - Parameters:
    ///   - listing: Is closed while a list is being made: whoever mustn't write meanwhile waits at it.
    ///   - warn: Is told what an operator may want to know, in whole sentences.
    ///   - observe: Is called in order, and must not block.
    package func run(
        listing: RequestGate? = nil, warn: @Sendable (String) -> Void,
        observe: @Sendable (CollectionChange<Object>) -> Void
    ) async throws {
        var reflector = Reflector<Object>(of: resource.description)
        var session = Session(self)
        var isListing = false
        defer {
            session.close()
            if isListing { listing?.open() }
        }
        var event = Reflector<Object>.Event.began
        while true {
            var next = Reflector<Object>.Action.read
            for action in reflector.step(event, at: clock.now().microseconds, chance: chance()) {
                switch action {
                case .report(let change): observe(change)
                case .warn(let problem): warn(problem)
                case .list, .watch, .read, .wait: next = action
                }
            }
            if case .list = next {
                if !isListing {
                    isListing = true
                    await listing?.close()
                }
            } else if isListing {
                isListing = false
                listing?.open()
            }
            try Task.checkCancellation()
            event = try await session.perform(next)
            // What a request says that was cancelled is no trouble.
            try Task.checkCancellation()
        }
    }

    /// The watch that is open, and what has come of it.
    private struct Session {
        let watch: CollectionWatch
        var stream: (any APIStream)?
        /// Ends a watch that the server should have ended long ago.
        var alarm: Task<Void, Never>?
        var splitter = WatchLines()
        var lines: [[UInt8]] = []
        var nextLine = 0

        init(_ watch: CollectionWatch) {
            self.watch = watch
        }

        mutating func close() {
            alarm?.cancel()
            alarm = nil
            stream?.cancel()
            stream = nil
            splitter = WatchLines()
            lines = []
            nextLine = 0
        }

        mutating func perform(_ action: Reflector<Object>.Action) async throws -> Reflector<Object>.Event {
            switch action {
            case .list(let limit, let continuing):
                close()
                return await watch.list(limit, continuing)
            case .watch(let version, let timeout):
                close()
                return await open(version, timeout)
            case .read: return await readOn()
            case .wait(let microseconds):
                close()
                guard await watch.clock.sleep(.microseconds(microseconds)) else { throw CancellationError() }
                return .waited
            case .report, .warn: preconditionFailure("performed by the caller")
            }
        }

        private mutating func open(_ version: String, _ timeout: Int) async -> Reflector<Object>.Event {
            do throws(APIError) {
                let stream = try await watch.connection.stream(watch.watchRequest(version, timeout))
                self.stream = stream
                let clock = watch.clock
                // A plain task, ended by the session that owns it: a child task could not be cancelled by itself.
                alarm = Task {
                    if await clock.sleep(.seconds(timeout + 30)) { stream.cancel() }
                }
                return .opened
            } catch {
                return .ended(error)
            }
        }

        private mutating func readOn() async -> Reflector<Object>.Event {
            while nextLine == lines.count {
                guard let stream else { return .ended(nil) }
                let bytes: [UInt8]?
                do throws(APIError) {
                    bytes = try await Self.next(of: stream)
                } catch {
                    return .ended(error)
                }
                guard let bytes else {
                    return .ended(splitter.isWithinLine ? .unreachable("the watch broke off within a line") : nil)
                }
                do {
                    lines = try splitter.take(bytes)
                } catch {
                    return .unreadable("a line of the watch is longer than \(error.limit) bytes")
                }
                nextLine = 0
            }
            let line = lines[nextLine]
            lines[nextLine] = []
            nextLine += 1
            return watch.event(line)
        }

        private static func next(of stream: any APIStream) async throws(APIError) -> [UInt8]? {
            let result: Result<[UInt8]?, APIError> = await withTaskCancellationHandler {
                do throws(APIError) {
                    return .success(try await stream.next())
                } catch {
                    return .failure(error)
                }
            } onCancel: {
                stream.cancel()
            }
            return try result.get()
        }
    }

    // MARK: Requests and answers

    private func list(_ limit: Int?, _ continuing: String?) async -> Reflector<Object>.Event {
        var request = APIRequest(.get, resource.path(namespace: namespace), timeoutSeconds: limit == nil ? 120 : 30)
        if let limit { request.query.append(.init("limit", "\(limit)")) }
        if let continuing { request.query.append(.init("continue", continuing)) }
        let body: [UInt8]
        do throws(APIError) {
            body = try await connection.send(request)
        } catch {
            return .listFailed(error)
        }
        do throws(WatchProblem) {
            let answer = try ListAnswer.reading(body)
            return .page(answer.items.compactMap(read), version: answer.version, next: answer.next)
        } catch {
            return .listUnreadable(error.message)
        }
    }

    private func watchRequest(_ version: String, _ timeout: Int) -> APIRequest {
        APIRequest(
            .get, resource.path(namespace: namespace),
            query: [
                .init("watch", "true"), .init("resourceVersion", version), .init("allowWatchBookmarks", "true"),
                .init("timeoutSeconds", "\(timeout)"),
            ])
    }

    private func event(_ line: [UInt8]) -> Reflector<Object>.Event {
        do throws(WatchProblem) {
            switch try WatchEvent.reading(line) {
            case .put(let node, let version):
                return read(node).map { .put($0, version: version) } ?? .passed(version: version)
            case .deleted(let node, let version):
                return read(node).map { .deleted($0, version: version) } ?? .passed(version: version)
            case .bookmark(let version): return .passed(version: version)
            case .error(let status): return .refused(status)
            }
        } catch {
            return .unreadable(error.message)
        }
    }
}
