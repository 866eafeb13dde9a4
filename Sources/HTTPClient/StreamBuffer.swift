/// What has come of a stream that nobody has asked for yet: never more than a limit, beyond which libcurl is paused,
/// and with it, by TCP's own means, the server.
struct StreamBuffer {
    enum Reception: Equatable {
        /// For whoever waits.
        case handOver([UInt8])
        case held
        /// Not taken: libcurl keeps it, and gives it again once it goes on.
        case paused
        /// Nobody wants it any more.
        case unwanted
    }

    enum Taking: Equatable {
        /// And whether libcurl may go on.
        case bytes([UInt8], goesOn: Bool)
        /// The caller is the one who waits now.
        case wait
        case ended
        case failed(HTTPError)
    }

    private enum End {
        case inOrder
        case failed(HTTPError)
    }

    private let limit: Int
    private var held: [UInt8] = []
    private var isPaused = false
    private var isWaiting = false
    private var end: End?

    init(limit: Int = 64 << 10) {
        self.limit = limit
    }

    /// Bytes have come.
    mutating func receive(_ bytes: some Collection<UInt8>) -> Reception {
        guard end == nil else { return .unwanted }
        if isWaiting {
            isWaiting = false
            return .handOver(Array(bytes))
        }
        // Whatever the size of the first: otherwise it would never be taken.
        guard held.isEmpty || held.count + bytes.count <= limit else {
            isPaused = true
            return .paused
        }
        held.append(contentsOf: bytes)
        return .held
    }

    /// Somebody asks for more.
    mutating func take() -> Taking {
        precondition(!isWaiting, "a stream has one reader at a time")
        if !held.isEmpty {
            defer {
                held = []
                isPaused = false
            }
            return .bytes(held, goesOn: isPaused)
        }
        switch end {
        case .inOrder: return .ended
        case .failed(let error): return .failed(error)
        case nil:
            isWaiting = true
            return .wait
        }
    }

    /// No more will come; the first end counts. True if somebody waits, who has to be told.
    mutating func finish(_ failure: HTTPError?) -> Bool {
        guard end == nil else { return false }
        end = failure.map { .failed($0) } ?? .inOrder
        defer { isWaiting = false }
        return isWaiting
    }

    /// Nobody wants more, nor what is here. True if somebody waits, who has to be told.
    mutating func cancel() -> Bool {
        held = []
        return finish(.cancelled())
    }
}
