internal import Model

/// What results say about places in the source, until check runs have carried it away. It is in no status.
///
/// Agents say it again; what has been carried is not taken a second time. Bounded: beyond its limits the oldest
/// attempts' are let go of.
struct AnnotationStore {
    static let limitPerFence = 1000
    static let limit = 20_000
    static let carriedLimit = 10_000

    private var byFence: [Fence: [Annotation]] = [:]
    private var order: [Fence] = []
    private var count = 0
    /// Attempts whose annotations have been carried away. The older ones are let go of all at once.
    private var carried: (newer: Set<Fence>, older: Set<Fence>) = ([], [])

    var isEmpty: Bool { byFence.isEmpty }

    subscript(fence: Fence) -> [Annotation] { byFence[fence] ?? [] }

    /// Takes what GitHub can show: with a path inside the repository.
    mutating func add(_ annotations: [Annotation], to fence: Fence) {
        guard byFence[fence] == nil, !carried.newer.contains(fence), !carried.older.contains(fence) else { return }
        let shown = annotations.filter { Self.isInside($0.path) }.prefix(Self.limitPerFence)
        guard !shown.isEmpty else { return }
        order.append(fence)
        byFence[fence] = Array(shown)
        count += shown.count
        while count > Self.limit, order.count > 1 {
            count -= byFence.removeValue(forKey: order.removeFirst())?.count ?? 0
        }
    }

    /// All of them have got there.
    mutating func carry(_ fence: Fence) {
        guard let gone = byFence.removeValue(forKey: fence) else { return }
        count -= gone.count
        order.removeAll { $0 == fence }
        if carried.newer.count >= Self.carriedLimit { carried = ([], carried.newer) }
        carried.newer.insert(fence)
    }

    /// Lets go of what hasn't been carried away.
    mutating func forget(run uid: String) {
        let gone = order.filter { $0.run == uid }
        guard !gone.isEmpty else { return }
        order.removeAll { $0.run == uid }
        for fence in gone { count -= byFence.removeValue(forKey: fence)?.count ?? 0 }
    }

    private static func isInside(_ path: String) -> Bool {
        !path.isEmpty && !path.hasPrefix("/") && !path.split(separator: "/").contains("..")
    }
}
