import Model
import Testing

@Suite struct RepositoryURLTests {
    @Test(arguments: [
        "https://github.com/acme/shop", "https://github.com/acme/shop.git", "https://github.com/acme/shop/",
        "https://GitHub.com/acme/shop.git/", "http://github.com/acme/shop", "https://user@github.com/acme/shop",
        "https://github.com:443/acme/shop", "ssh://git@github.com/acme/shop.git", "ssh://git@github.com:22/acme/shop",
        "git@github.com:acme/shop.git", "git@GITHUB.com:/acme/shop", "github.com:acme/shop",
        "git://github.com/acme/shop",
    ])
    func `all ways to write one repository are equal`(_ url: String) {
        #expect(RepositoryURL.normalised(url) == "github.com/acme/shop")
    }

    @Test(arguments: [
        ("https://github.com/Acme/shop", "github.com/Acme/shop"), ("https://host:8443/a/b", "host:8443/a/b"),
        ("ssh://git@[2001:DB8::1]:22/a", "[2001:db8::1]/a"), ("file:///srv/git/shop.git", "/srv/git/shop"),
        ("git@[::1]:a/b.git", "[::1]/a/b"), ("file:/srv/git/shop/", "/srv/git/shop"), ("file:../shop", "../shop"),
        ("https://host", "host"),
        ("/srv/repo/.git", "/srv/repo/.git"), ("", ""), ("https://host/a.github", "host/a.github"),
    ])
    func `what tells repositories apart stays`(_ url: String, _ expect: String) {
        #expect(RepositoryURL.normalised(url) == expect)
    }

    @Test(arguments: [
        "https://github.com/acme/shop.git", "git@github.com:acme/shop", "ssh://git@host:2222/a", "file:.", "file:../x",
        "file:///srv/x", "https://org@dev.azure.com/org/p/_git/r", "host:path", "git://host/x",
    ])
    func `usable URLs have no complaint`(_ url: String) {
        #expect(RepositoryURL.complaint(about: url) == nil)
    }

    @Test(arguments: [
        ("--upload-pack=x", "must not begin with `-`"),
        ("ssh://-oProxyCommand=x/a", "the host must not begin with `-`"),
        ("-host:a", "must not begin with `-`"), ("https://a/b c", "must not hold spaces or control characters"),
        ("https://a/b\n", "must not hold spaces or control characters"),
        ("ext::sh -c x", "must not hold spaces or control characters"),
        ("ftp://a/b", "`ftp` is no scheme of a repository"), ("acme/shop", "is no URL of a repository"),
        ("/srv/x", "is no URL of a repository"), ("https://", "has no host"), ("https://github.com/", "has no path"),
        ("ext::sh%20-c%20x", "is no URL of a repository"), ("fd::17/x", "is no URL of a repository"),
        ("https://user:secret@github.com/a/b", "must not hold a password or token"),
        ("https://ghp_abc@github.com/a/b", "must not hold a password or token"), ("file:", "has no path"),
        ("git@-evil:a", "the host must not begin with `-`"),
    ])
    func `unusable or dangerous URLs are refused`(_ url: String, _ message: String) throws {
        let complaint = try #require(RepositoryURL.complaint(about: url))
        #expect(complaint.message == message)
        #expect(!complaint.message.contains("secret") && complaint.hint?.contains("secret@") != true)
    }
}

@Suite struct SpecHashTests {
    @Test func `the hash is FNV-1a over what must not change, and the same everywhere`() {
        var spec = PipelineRunSpec()
        spec.pipelineRef = PipelineReference(name: "ci")
        // 128-bit FNV-1a of {"pipelineRef":{"name":"ci"}}, worked out apart from this code.
        #expect(spec.immutableHash == "bc48cbed5128b95b83645b06f81b032f")
        let hash = spec.immutableHash
        spec.desiredState = .cancelled
        spec.rerunCount = 3
        spec.approvals = [ApprovalDecision(stage: "go", decision: .approved)]
        #expect(spec.immutableHash == hash)
    }

    @Test(
        arguments: [
            { $0.pipelineRef?.name = "cd" }, { $0.priority = 1 }, { $0.params = [Param(name: "a", value: "b")] },
            { $0.source = RunSource() },
        ] as [@Sendable (inout PipelineRunSpec) -> Void])
    func `every other field changes the hash`(_ change: @Sendable (inout PipelineRunSpec) -> Void) {
        var spec = PipelineRunSpec()
        spec.pipelineRef = PipelineReference(name: "ci")
        let before = spec.immutableHash
        change(&spec)
        #expect(spec.immutableHash != before && spec.immutableHash.utf8.count == 32)
    }
}

@Suite struct CronExpressionTests {
    @Test(arguments: [
        "* * * * *", "*/15 8-18 * * MON-FRI", "0 0 1,15 * *", "5/10 * * * *", "0 0 ? * sun", "0 22-23/1 * jan-mar *",
        "@daily", "@Hourly", "  0   0 * * *  ", "0 0 29 2 *", "0 0 31 2 1",
    ])
    func `what a CronJob takes is taken`(_ text: String) throws {
        _ = try CronExpression.parse(text).get()
    }

    @Test(arguments: [
        ("* * * *", "has 4 fields, not 5"), ("60 * * * *", "minute `60`: is not within 0 to 59"),
        ("* 24 * * *", "hour `24`: is not within 0 to 23"),
        ("* * 0 * *", "day of the month `0`: is not within 1 to 31"),
        ("* * * 13 *", "month `13`: is not within 1 to 12"), ("* * * * 7", "day of the week `7`: is not within 0 to 6"),
        ("5-1 * * * *", "minute `5-1`: begins after its end"),
        ("*/0 * * * *", "minute `*/0`: the step must be a number from 1"),
        ("x * * * *", "minute `x`: can't be read"), ("1-2-3 * * * *", "minute `1-2-3`: can't be read"),
        ("1,,2 * * * *", "minute `1,,2`: can't be read"), ("* * * * montag", "day of the week `montag`: can't be read"),
        ("@dayly", "`@dayly` is no schedule"), ("@every 1h", "`@every 1h` is no schedule"),
        ("CRON_TZ=UTC 0 0 * * *", "must not name a time zone"), ("0 0 31 2 *", "never comes"),
        ("0 0 31 4,6 *", "never comes"), ("-1 * * * *", "minute `-1`: can't be read"),
    ])
    func `what it does not take is explained`(_ text: String, _ message: String) {
        switch CronExpression.parse(text) {
        case .success(let cron): Issue.record("\(cron)")
        case .failure(let error): #expect(error.message == message)
        }
    }

    @Test func `fields become sets of what matches`() throws {
        let cron = try CronExpression.parse("0,30 8-10/2 5/10 * MON-WED").get()
        #expect(cron.minutes == 1 | 1 << 30)
        #expect(cron.hours == 1 << 8 | 1 << 10)
        #expect(cron.daysOfMonth == 1 << 5 | 1 << 15 | 1 << 25)
        #expect(cron.months == 0b1_1111_1111_1110)
        #expect(cron.daysOfWeek == 0b1110)
        #expect(!cron.anyDayOfMonth && !cron.anyDayOfWeek)
        let daily = try CronExpression.parse("@daily").get()
        #expect(daily.minutes == 1 && daily.hours == 1 && daily.anyDayOfMonth && daily.anyDayOfWeek)
    }
}
