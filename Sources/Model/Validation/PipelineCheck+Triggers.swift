extension PipelineCheck {
    mutating func checkTrigger(_ trigger: Trigger, _ path: FieldPath) {
        let count = trigger.eventCount
        if count != 1 {
            report(
                count == 0 ? "is empty" : "names \(count) events", path,
                hint: "each trigger has exactly one of push, pullRequest, tag, schedule; `push: {}` is every push")
        }
        if let filter = trigger.push { checkGlobs(filter, path.key("push")) }
        if let filter = trigger.pullRequest { checkGlobs(filter, path.key("pullRequest")) }
        if let filter = trigger.tag { checkEach(filter.tags, path.key("tag").key("tags"), .tag) }
        if let schedule = trigger.schedule { checkSchedule(schedule, path.key("schedule")) }
    }

    private mutating func checkGlobs(_ filter: RefFilter, _ path: FieldPath) {
        checkEach(filter.branches, path.key("branches"), .branch)
        checkEach(filter.paths, path.key("paths"), .path)
        checkEach(filter.pathsIgnore, path.key("pathsIgnore"), .path)
    }

    /// What a glob is matched against.
    private enum Matched {
        case branch, tag, path
    }

    private mutating func checkEach(_ globs: [String], _ path: FieldPath, _ matched: Matched) {
        for (number, glob) in globs.enumerated() {
            if globs[..<number].contains(glob) {
                report("`\(glob.shown())` is listed twice", path.index(number))
            } else if case .failure(let error) = Glob.parse(glob) {
                report(error.message, path.index(number), hint: error.hint)
            } else if let (message, hint) = Self.vainness(of: glob, matched) {
                report(message, path.index(number), hint: hint)
            }
        }
    }

    /// Why a glob can't match anything; nil when it can.
    private static func vainness(of glob: String, _ matched: Matched) -> (message: String, hint: String?)? {
        let shown = glob.shown()
        switch matched {
        case .branch where glob.hasPrefix("refs/"):
            return ("globs are matched against the branch's name, without `refs/heads/`", nil)
        case .tag where glob.hasPrefix("refs/"):
            return ("globs are matched against the tag's name, without `refs/tags/`", nil)
        case .branch where glob.hasPrefix("/") || glob.hasSuffix("/"),
            .tag where glob.hasPrefix("/") || glob.hasSuffix("/"):
            return ("`\(shown)` matches nothing: no name begins or ends with a `/`", nil)
        case .branch, .tag: return nil
        case .path where glob.hasPrefix("./") || glob.hasPrefix("/"):
            let rest = glob.drop { $0 == "." || $0 == "/" }
            return (
                "`\(shown)` matches nothing: paths begin at the repository's top",
                rest.isEmpty ? "write `**` for everything" : "write `\(String(rest).shown())`"
            )
        case .path where glob.hasSuffix("/"):
            return ("`\(shown)` matches nothing: what changes are files", "write `\(shown)**` for all within")
        case .path:
            let parts = glob.split(separator: "/", omittingEmptySubsequences: false)
            guard let odd = parts.first(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else { return nil }
            return (
                odd.isEmpty
                    ? "`\(shown)` matches nothing: no path has two `/` beside each other"
                    : "`\(shown)` matches nothing: no path has a part `\(odd)`", nil
            )
        }
    }

    private mutating func checkSchedule(_ schedule: Schedule, _ path: FieldPath) {
        if case .failure(let error) = CronExpression.parse(schedule.cron) {
            report(error.message, path.key("cron"), hint: error.hint)
        }
        guard let zone = schedule.timeZone else { return }
        // What there is is known to the machine that keeps the schedule; here only what can't be a zone's name. It
        // becomes part of a path, so `..` must not get through.
        let isName = zone.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.utf8.first.map { ("A"..."Z").contains(Character(Unicode.Scalar($0))) } == true
                && part.unicodeScalars.allSatisfy { scalar in
                    switch scalar {
                    case "a"..."z", "A"..."Z", "0"..."9", "_", "-", "+": true
                    default: false
                    }
                }
        }
        if !isName || zone == "Local" {
            report(
                "`\(zone.shown())` is no time zone", path.key("timeZone"),
                hint: "write a name such as Europe/Berlin; without one it is UTC")
        }
    }
}

extension Trigger {
    fileprivate var eventCount: Int {
        [push != nil, pullRequest != nil, tag != nil, schedule != nil].count { $0 }
    }

    /// Whether it names one event.
    var isSound: Bool { eventCount == 1 }
}
