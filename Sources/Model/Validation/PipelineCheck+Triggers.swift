extension PipelineCheck {
    mutating func checkTrigger(_ trigger: Trigger, _ path: FieldPath) {
        let given = [trigger.push != nil, trigger.pullRequest != nil, trigger.tag != nil, trigger.schedule != nil]
        let count = given.count { $0 }
        if count != 1 {
            report(
                count == 0 ? "is empty" : "names \(count) events", path,
                hint: "each trigger has exactly one of push, pullRequest, tag, schedule")
        }
        if let filter = trigger.push { checkGlobs(filter, path.key("push")) }
        if let filter = trigger.pullRequest { checkGlobs(filter, path.key("pullRequest")) }
        if let filter = trigger.tag { checkEach(filter.tags, path.key("tag").key("tags")) }
        if let schedule = trigger.schedule { checkSchedule(schedule, path.key("schedule")) }
    }

    private mutating func checkGlobs(_ filter: RefFilter, _ path: FieldPath) {
        checkEach(filter.branches, path.key("branches"))
        checkEach(filter.paths, path.key("paths"))
        checkEach(filter.pathsIgnore, path.key("pathsIgnore"))
        for (number, branch) in filter.branches.enumerated() where branch.hasPrefix("refs/") {
            report(
                "globs are matched against the branch's name, without `refs/heads/`",
                path.key("branches").index(number))
        }
    }

    private mutating func checkEach(_ globs: [String], _ path: FieldPath) {
        for (number, glob) in globs.enumerated() {
            if globs[..<number].contains(glob) {
                report("`\(glob.shown())` is listed twice", path.index(number))
            } else if case .failure(let error) = Glob.parse(glob) {
                report(error.message, path.index(number), hint: error.hint)
            }
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
