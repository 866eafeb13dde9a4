/// Whether this process may act as the leading controller, by a lease that all contenders read and one renews.
///
/// A plain value without clock or I/O: its owner asks for the next `step`, does it, and reports the answer. It holds one
/// place of the design (One leader) and nothing else: *when* somebody may act. That nothing is decided twice follows
/// from the statuses' compare-and-swap.
///
/// Guarantees, as long as all contenders' clocks run at about the same rate: no two may act at the same time. A holder
/// may act for less than `renewDeadlineSeconds` after the last renewal that succeeded was *sent*; a contender takes a
/// lease over only once `leaseSeconds`, which are more, have passed since *it* saw the lease change. All uptimes are
/// microseconds of a clock that goes on while the machine sleeps.
package struct Leadership: Equatable, Sendable {
    package struct Times: Equatable, Sendable {
        package var leaseSeconds = 15
        package var renewDeadlineSeconds = 10
        package var retrySeconds = 2

        package init() {}
    }

    /// The lease as it was read.
    package struct Lease: Equatable, Sendable {
        /// Empty once its holder has given it back.
        package var holder: String
        /// Opaque; another one with every write.
        package var version: String

        package init(holder: String, version: String) {
            self.holder = holder
            self.version = version
        }
    }

    /// What is to be done next.
    package enum Step: Equatable, Sendable {
        /// Read the lease and call `observed`.
        case read
        /// Write the lease with this identity as its holder, only over that version (nil: only if there is none), and
        /// call `answered`.
        case write(over: String?)
        /// Nothing before that uptime.
        case wait(until: Int64)
        /// Somebody else may lead by now. Purge the producers and end the process.
        case lost
    }

    package enum Answer: Equatable, Sendable {
        case stored(version: String)
        /// Somebody else wrote.
        case conflict
        /// It is not known whether it was stored.
        case failed
    }

    private enum Phase: Equatable, Sendable {
        case standby
        case leading(renewedAt: Int64)
        case lost
    }

    /// Names this process among all that ever contend.
    package let identity: String
    private let times: Times
    private var phase = Phase.standby
    private var lease: Lease?
    /// When the lease was first seen as it is.
    private var seenAt: Int64?
    private var mustRead = true
    private var nextTry = Int64.min

    package init(identity: String, times: Times = Times()) {
        self.identity = identity
        self.times = times
    }

    /// Whether a write or a message may be sent now. To be asked before each.
    package func mayAct(at now: Int64) -> Bool {
        guard case .leading(let renewedAt) = phase else { return false }
        return now - renewedAt < seconds(times.renewDeadlineSeconds)
    }

    /// Whether this process has led, and may no longer or is not to any more.
    package var isLost: Bool { phase == .lost }

    package mutating func step(at now: Int64) -> Step {
        switch phase {
        case .lost: return .lost
        case .leading(let renewedAt):
            let end = renewedAt + seconds(times.renewDeadlineSeconds)
            guard now < end else {
                phase = .lost
                return .lost
            }
            guard now >= nextTry else { return .wait(until: min(nextTry, end)) }
            return mustRead ? .read : .write(over: lease?.version)
        case .standby:
            guard now >= nextTry else { return .wait(until: nextTry) }
            return mustRead || !isFree(at: now) ? .read : .write(over: lease?.version)
        }
    }

    private func isFree(at now: Int64) -> Bool {
        guard let lease else { return true }
        if lease.holder.isEmpty || lease.holder == identity { return true }
        return seenAt.map { now - $0 >= seconds(times.leaseSeconds) } ?? false
    }

    /// The lease was read; nil if there is none.
    package mutating func observed(_ lease: Lease?, at now: Int64) {
        if lease != self.lease || seenAt == nil {
            self.lease = lease
            seenAt = now
        }
        mustRead = false
        switch phase {
        case .lost: break
        case .leading:
            // The own one, after a write whose answer was lost; that it was stored renews nothing, since when is unknown.
            if lease?.holder != identity { phase = .lost }
        case .standby: if !isFree(at: now) { nextTry = now + seconds(times.retrySeconds) }
        }
    }

    /// The lease could not be read.
    package mutating func readFailed(at now: Int64) {
        nextTry = now + seconds(times.retrySeconds)
    }

    /// A write that was sent at `sentAt` has been answered.
    package mutating func answered(_ answer: Answer, sentAt: Int64, at now: Int64) {
        switch answer {
        case .stored(let version):
            lease = Lease(holder: identity, version: version)
            seenAt = now
            mustRead = false
            nextTry = sentAt + seconds(times.retrySeconds)
            if phase != .lost { phase = .leading(renewedAt: sentAt) }
        case .conflict:
            mustRead = true
            nextTry = now
        case .failed:
            mustRead = true
            nextTry = now + seconds(times.retrySeconds)
        }
    }
}
