/// How many calls may be under way at once at a server that others use, too.
///
/// As TCP Vegas reckons: where `n` calls take `t` each, and one that needn't wait takes `f`, some n·(1 − f/t) of them wait
/// at the server rather than being worked on. Few that wait let the limit rise, many lower it. Hardly less gets done by
/// that, and who else asks the server something doesn't stand behind a long queue of ours.
struct CallLimit {
    /// So many may wait at the server.
    private static let waiting = 4.0...8.0
    /// After so many calls only the fewest are made for a moment: how long one takes then is taken for `f`. Networks and
    /// servers change, and under a load that never ends no call shows what it would take without.
    private static let interval = 512

    private let range: ClosedRange<Int>
    private var limit: Int
    private var fastest = Int64.max
    private var sinceProbe = 0
    private var probe: (fastest: Int64, calls: Int)?
    /// Since the limit was looked at last.
    private var round = (calls: 0, took: Int64(0), most: 0)

    var count: Int { probe == nil ? limit : range.lowerBound }

    /// - Parameter most: One is one: there is nothing to find out.
    init(most: Int) {
        range = min(4, most)...most
        limit = min(16, most)
    }

    /// Takes note of a call that has ended.
    ///
    /// - Parameters:
    ///   - took: In microseconds.
    ///   - underWay: How many there were while it ended, itself included.
    mutating func note(took: Int64, underWay: Int) {
        let took = max(1, took)
        fastest = min(fastest, took)
        if let probe { return note(took, underWay, probe) }
        sinceProbe += 1
        round.calls += 1
        round.took += took
        round.most = max(round.most, underWay)
        // Once for each round of calls: the next ones show what the last change has brought.
        guard round.calls >= limit else { return }
        let average = Double(round.took) / Double(round.calls)
        let queue = Double(round.most) * (1 - Double(fastest) / average)
        if queue > Self.waiting.upperBound {
            limit = max(range.lowerBound, limit - 1)
        } else if queue < Self.waiting.lowerBound, round.most >= limit {
            limit = min(range.upperBound, limit + 1)
        }
        round = (0, 0, 0)
        if sinceProbe >= Self.interval { probe = (.max, 0) }
    }

    private mutating func note(_ took: Int64, _ underWay: Int, _ begun: (fastest: Int64, calls: Int)) {
        // Those that began before have to end first.
        guard underWay <= range.lowerBound else { return }
        let seen = (fastest: min(begun.fastest, took), calls: begun.calls + 1)
        guard seen.calls >= range.lowerBound else {
            probe = seen
            return
        }
        fastest = seen.fastest
        probe = nil
        sinceProbe = 0
    }
}
