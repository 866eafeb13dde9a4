internal import Model

/// What results say about places in the source, until check runs have carried it away. It is in no status.
///
/// Bounded: beyond its limits the oldest attempts' are let go of.
struct AnnotationStore {
    static let limitPerFence = 1000
    static let limit = 20_000

    private var byFence: [Fence: [Annotation]] = [:]
    private var order: [Fence] = []
    private var count = 0

    subscript(fence: Fence) -> [Annotation] { byFence[fence] ?? [] }

    /// Takes what GitHub can show: with a path inside the repository.
    mutating func add(_ annotations: [Annotation], to fence: Fence) {
        let room = Self.limitPerFence - self[fence].count
        let shown = annotations.filter { Self.isInside($0.path) }.prefix(max(0, room))
        guard !shown.isEmpty else { return }
        if byFence[fence] == nil { order.append(fence) }
        byFence[fence, default: []] += shown
        count += shown.count
        while count > Self.limit, order.count > 1 {
            count -= byFence.removeValue(forKey: order.removeFirst())?.count ?? 0
        }
    }

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
