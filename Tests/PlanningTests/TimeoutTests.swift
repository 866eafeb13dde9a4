import Model
import Testing

@testable import Planning

@Suite("The run's timeout")
struct TimeoutTests {
    private func driver(finally: [StageSpec] = []) throws -> RunDriver {
        var spec = PipelineSpec([stage("a"), stage("b"), stage("c", needs: ["a"])], finally: finally)
        spec.timeoutSeconds = 60
        var driver = try RunDriver(spec)
        driver.pass()
        driver.bind("a")
        driver.claim("a")
        return driver
    }

    @Test func `at its timeout, waiting included, running stages are stopped and the rest cancelled`() throws {
        var driver = try driver()
        #expect(driver.plan.lookAgain == RunDriver.start.adding(seconds: 60))
        driver.pass(after: 59)
        #expect(driver.ready == ["b"])
        driver.pass(after: 1)
        #expect(driver.states == ["a Running", "b Cancelled", "c Cancelled"])
        #expect(driver.stopped == ["u1/a/1"])
        #expect(driver.outcome == "Unknown/RunTimeout")
        driver.finish("a", .cancelled)
        #expect(driver.outcome == "False/RunTimeout")
        #expect(
            driver.run.status.succeeded?.message
                == "the run took longer than its timeoutSeconds: 60 s; 0 of 3 stages had succeeded")
    }

    @Test func `a last result that comes with the deadline is still in time`() throws {
        var spec = PipelineSpec([stage("a")])
        spec.timeoutSeconds = 60
        var driver = try RunDriver(spec)
        driver.pass()
        driver.bind("a")
        driver.now = driver.now.adding(seconds: 60)
        driver.finish("a")
        #expect(driver.outcome == "True/Succeeded")
    }

    @Test func `finally runs after a timeout, by its own timeouts`() throws {
        var driver = try driver(finally: [stage("f"), stage("g") { $0.timeoutSeconds = 30 }])
        driver.pass(after: 60)
        driver.finish("a", .cancelled)
        #expect(driver.ready == ["f", "g"])
        driver.bind("f")
        driver.claim("f")
        #expect(driver.plan.lookAgain == driver.now.adding(seconds: 30))
        driver.pass(after: 29)
        #expect(driver.state("g") == .queued)
        driver.pass(after: 1)
        #expect(driver.states == ["a Cancelled", "b Cancelled", "c Cancelled", "f Running", "g Failed"])
        #expect(driver.plan.stops.isEmpty)
        driver.finish("f")
        #expect(driver.outcome == "False/RunTimeout")
    }

    @Test func `a run whose stages have all ended isn't late for its finally`() throws {
        var spec = PipelineSpec([stage("a")], finally: [stage("f")])
        spec.timeoutSeconds = 60
        var driver = try RunDriver(spec)
        driver.pass()
        driver.perform("a")
        driver.pass(after: 100)
        #expect(driver.ready == ["f"])
        driver.perform("f")
        #expect(driver.outcome == "True/Succeeded")
    }

    @Test func `a paused run comes to its timeout too`() throws {
        var driver = try driver()
        driver.want(.paused)
        driver.pass(after: 60)
        #expect(driver.outcome == "Unknown/RunTimeout")
    }

    @Test func `a run that never started and is to run again waits for its turn, however old it is`() throws {
        var spec = PipelineSpec([stage("a")])
        spec.timeoutSeconds = 60
        var driver = try RunDriver(spec)
        driver.obstacle = .concurrencyLimit("1 of 1 runs are active")
        driver.pass(after: 60)
        #expect(driver.outcome == "False/RunTimeout")
        driver.now = driver.now.adding(seconds: 1000)
        driver.rerun()
        #expect(driver.outcome == "Unknown/ConcurrencyLimit")
        driver.obstacle = nil
        driver.pass()
        #expect(driver.ready == ["a"])
    }

    @Test func `a rerun counts the timeout anew`() throws {
        var driver = try driver()
        driver.pass(after: 60)
        driver.finish("a", .cancelled)
        driver.now = driver.now.adding(seconds: 1000)
        driver.rerun()
        #expect(driver.ready == ["a", "b"])
        #expect(driver.plan.lookAgain == driver.now.adding(seconds: 60))
    }
}
