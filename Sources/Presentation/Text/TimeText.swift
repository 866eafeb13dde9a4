package import Model

/// A span of time in words as short as a table wants them.
package enum TimeText {
    /// `85ms`, `4.2s`, `1m03s`, `2h05m`, `3d04h`: cut, not rounded, so that no time is shown before it has passed.
    package static func duration(microseconds: Int64) -> String {
        let micro = max(0, microseconds)
        let seconds = micro / 1_000_000
        switch seconds {
        case 0: return "\(micro / 1000)ms"
        case ..<60: return "\(seconds).\(micro / 100_000 % 10)s"
        case ..<3600: return "\(seconds / 60)m\(twoDigits(seconds % 60))s"
        case ..<86_400: return "\(seconds / 3600)h\(twoDigits(seconds / 60 % 60))m"
        default: return "\(seconds / 86_400)d\(twoDigits(seconds / 3600 % 24))h"
        }
    }

    /// `45s`, `12m`, `7h`, `3d`: what a glance needs.
    package static func age(microseconds: Int64) -> String {
        let seconds = max(0, microseconds) / 1_000_000
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m"
        case ..<86_400: return "\(seconds / 3600)h"
        default: return "\(seconds / 86_400)d"
        }
    }

    package static func age(of time: Timestamp?, now: Timestamp) -> String {
        time.map { age(microseconds: now.since($0)) } ?? ""
    }

    private static func twoDigits(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
