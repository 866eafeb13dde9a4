/// How many calls may be under way at once at a server that others use, too.
///
/// A call that needn't wait takes some time `f`. The more are made at once the longer each waits for the others, and so
/// does whatever else the server is asked meanwhile. As many are made as let a call take `f` and a given wait, no more:
/// hardly less gets done by that, since a server that is busy all the time does as much with few calls as with many.
struct CallLimit {
    /// After so many calls only the fewest are made for a moment: how long one takes then is taken for `f`. Networks and
    /// servers change, and under a load that never ends no call shows what it would take without.
    private static let interval = 512
    /// The limit is looked at after so many calls at the soonest, since a single one says little.
    private static let round = 8
    /// So far the limit moves by one look.
    private static let step = 0.5...1.5

    /// How far finding out `f` has come.
    private enum Probe {
        /// Calls that began beside others have to end first.
        case others
        /// The next call has nobody beside it.
        case alone
    }

    private let wait: Int64
    private let range: ClosedRange<Double>
    private var limit: Double
    private var fastest = Int64.max
    private var sinceProbe = 0
    private var probe: Probe?
    /// Since the limit was looked at last.
    private var sum = (calls: 0, took: Int64(0), most: 0)

    var count: Int { probe == nil ? max(1, Int(limit)) : 1 }

    /// - Parameters:
    ///   - most: One is one, without pauses: there is nothing to find out.
    ///   - wait: How much longer than alone a call may take, in microseconds.
    init(most: Int, wait: Int64) {
        range = most == 1 ? 1...1 : 0.5...Double(most)
        limit = min(Double(most), 4)
        self.wait = wait
    }

    /// How long nothing is asked after the only call, in microseconds, where even one at a time is too much.
    func pause(after took: Int64) -> Int64 { limit < 1 ? Int64(Double(took) * (1 / limit - 1)) : 0 }

    /// Takes note of a call that has ended.
    ///
    /// - Parameters:
    ///   - took: In microseconds.
    ///   - underWay: How many there were while it ended, itself included.
    mutating func note(took: Int64, underWay: Int) {
        let took = max(1, took)
        switch probe {
        case nil: break
        case .others:
            if underWay == 1 { probe = .alone }
            return
        case .alone:
            guard underWay == 1 else { return }
            fastest = took
            probe = nil
            sinceProbe = 0
            return
        }
        fastest = min(fastest, took)
        sinceProbe += 1
        sum = (sum.calls + 1, sum.took + took, max(sum.most, underWay))
        // Once for each round of calls: the next ones show what the last change has brought.
        guard sum.calls >= max(Self.round, count) else { return }
        let ratio = Double(fastest + wait) / (Double(sum.took) / Double(sum.calls))
        // What isn't used doesn't grow.
        if ratio < 1 || sum.most >= count {
            limit *= min(max(ratio, Self.step.lowerBound), Self.step.upperBound)
            limit = min(max(limit, range.lowerBound), range.upperBound)
        }
        sum = (0, 0, 0)
        if sinceProbe >= Self.interval { probe = .others }
    }
}
