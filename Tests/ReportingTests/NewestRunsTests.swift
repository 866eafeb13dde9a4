import Model
import ReportingSupport
import Testing

@testable import Reporting

@Suite struct NewestRunsTests {
    private func run(_ uid: String, began: Int, commit: String = "c") -> PipelineRun {
        var run = PipelineRun.sample(uid, revision: commit)
        run.status.startTime = dawn.adding(seconds: began)
        return run
    }

    @Test func `the run that began last at a commit has the say, and a rerun begins anew`() {
        var newest = NewestRuns()
        let (old, new) = (run("a", began: 1), run("b", began: 2))
        newest.note(new)
        newest.note(old)
        #expect(newest.isOutdone(old) && !newest.isOutdone(new))
        #expect(!newest.isOutdone(run("d", began: 0, commit: "other")))
        let again = run("a", began: 3)
        newest.note(again)
        #expect(!newest.isOutdone(again) && newest.isOutdone(new))
    }

    @Test func `one that hasn't begun has nothing to say while there is one that has`() {
        var newest = NewestRuns()
        var waiting = PipelineRun.sample("b", started: false)
        waiting.metadata.creationTimestamp = dawn.adding(seconds: 9)
        newest.note(waiting)
        #expect(!newest.isOutdone(waiting))
        newest.note(.sample("a"))
        #expect(newest.isOutdone(waiting) && !newest.isOutdone(.sample("a")))
    }

    @Test func `what is shown of a commit is told of the run that began last alone`() async throws {
        let target = FakeTarget(isPerCommit: true)
        let desk = Desk([target])
        var (old, new) = (
            PipelineRun.sample("a", slack: [.failed], end: .false),
            PipelineRun.sample("b", slack: [.failed], end: .true)
        )
        old.status.startTime = dawn.adding(seconds: 1)
        new.status.startTime = dawn.adding(seconds: 2)
        try await desk.working { desk in
            desk.list(old, new)
            await target.calls.first(1)
            await desk.idle()
        }
        #expect(target.calls.entries.map { $0.split(separator: " ")[0] } == ["b"])
    }

    @Test func `also after a restart, when the one that began last has been told already`() async throws {
        let target = FakeTarget(isPerCommit: true)
        let desk = Desk([target])
        var (old, new) = (
            PipelineRun.sample("a", slack: [.failed], end: .false),
            PipelineRun.sample("b", slack: [.failed], end: .true).told("fake", "Succeeded/0")
        )
        old.status.startTime = dawn.adding(seconds: 1)
        new.status.startTime = dawn.adding(seconds: 2)
        var other = PipelineRun.sample("c", slack: [.failed], end: .false)
        other.status.source?.revision = "another"
        try await desk.working { desk in
            desk.list(old, other, new)
            await target.calls.first(1)
            await desk.idle()
        }
        #expect(target.calls.entries.map { $0.split(separator: " ")[0] } == ["c"])
    }
}
