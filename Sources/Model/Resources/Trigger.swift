/// What starts a run of a pipeline by itself. Exactly one of its fields is given.
package struct Trigger: Fields, Equatable {
    package var push: RefFilter?
    package var pullRequest: RefFilter?
    package var tag: TagFilter?
    package var schedule: Schedule?

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.object("push", &push)
        visitor.object("pullRequest", &pullRequest)
        visitor.object("tag", &tag)
        visitor.object("schedule", &schedule)
    }
}

/// Globs over branches and changed paths; an empty list lets everything pass.
package struct RefFilter: Fields, Equatable {
    package var branches: [String] = []
    package var paths: [String] = []
    package var pathsIgnore: [String] = []

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.texts("branches", &branches, .filled(255), atMost: 32)
        visitor.texts("paths", &paths, .filled(255), atMost: 64)
        visitor.texts("pathsIgnore", &pathsIgnore, .filled(255), atMost: 64)
    }
}

/// Globs over tag names; an empty list lets everything pass.
package struct TagFilter: Fields, Equatable {
    package var tags: [String] = []

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.texts("tags", &tags, .filled(255), atMost: 32)
    }
}

/// A cron expression in a time zone.
package struct Schedule: Fields, Equatable {
    package var cron = ""
    /// An IANA name; UTC when absent.
    package var timeZone: String?
    /// How late a missed start may still be made up for.
    package var startingDeadlineSeconds: Int?

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("cron", &cron, .filled(128))
        visitor.text("timeZone", &timeZone, .filled(64))
        visitor.number("startingDeadlineSeconds", &startingDeadlineSeconds, in: 1...604_800)
    }
}

/// How many runs of a group may be active at once, and what becomes of the others.
package struct Concurrency: Fields, Equatable {
    package enum Policy: String, Choice {
        case queue = "Queue"
        case cancelOlder = "CancelOlder"
        case reject = "Reject"
    }

    /// May hold references.
    package var group = ""
    package var limit = 1
    package var policy = Policy.queue

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("group", &group, .filled(253))
        visitor.number("limit", &limit, default: 1, in: 1...1000)
        visitor.choice("policy", &policy, default: .queue)
    }
}

/// Who is told how a run went.
package struct NotificationSpec: Fields, Equatable {
    package enum GitHub: String, Choice {
        case statuses = "Statuses"
        case checks = "Checks"
        case none = "None"
    }

    package var slack: SlackSpec?
    package var github = GitHub.none

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.object("slack", &slack)
        visitor.choice("github", &github, default: .none)
    }
}

/// Which outcomes go to which Slack channel.
package struct SlackSpec: Fields, Equatable {
    package enum Event: String, Choice {
        case failed = "Failed"
        case recovered = "Recovered"
        case succeeded = "Succeeded"
    }

    package var events: [Event] = []
    package var channel: String?

    package init() {}

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.choices("events", &events)
        visitor.text("channel", &channel, .filled(80))
    }
}
