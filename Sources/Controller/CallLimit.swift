/// How many calls may be under way at once at a server that others use, too.
///
/// As TCP Vegas reckons: where `n` calls take `t` each, and the fastest one took `f`, some n·(1 − f/t) of them wait at the
/// server rather than being worked on. Few that wait let the limit rise, many lower it. No less gets done by that, and who
/// else asks the server something doesn't stand behind a queue of ours.
struct CallLimit {
    /// So many may wait at the server.
    private static let waiting = 4.0...8.0
    /// After so many calls the fastest of those before the last so many is forgotten: networks and servers change.
    private static let memory = 512

    private let range: ClosedRange<Int>
    private(set) var count: Int
    private var fastest = (recent: Int64.max, former: Int64.max)
    private var noted = 0
    /// Since the limit was looked at last.
    private var round = (calls: 0, took: Int64(0), most: 0)

    /// - Parameter most: One is one: there is nothing to find out.
    init(most: Int) {
        range = min(4, most)...most
        count = min(16, most)
    }

    /// Takes note of a call that has ended.
    ///
    /// - Parameters:
    ///   - took: In microseconds.
    ///   - underWay: How many there were while it ended, itself included.
    mutating func note(took: Int64, underWay: Int) {
        let took = max(1, took)
        fastest.recent = min(fastest.recent, took)
        noted += 1
        if noted % Self.memory == 0 { fastest = (.max, fastest.recent) }
        round.calls += 1
        round.took += took
        round.most = max(round.most, underWay)
        // Once for each round of calls: the next ones show what the last change has brought.
        guard round.calls >= count else { return }
        let average = Double(round.took) / Double(round.calls)
        let queue = Double(round.most) * (1 - Double(min(fastest.recent, fastest.former)) / average)
        if queue > Self.waiting.upperBound {
            count = max(range.lowerBound, count - 1)
        } else if queue < Self.waiting.lowerBound, round.most >= count {
            count = min(range.upperBound, count + 1)
        }
        round = (0, 0, 0)
    }
}
