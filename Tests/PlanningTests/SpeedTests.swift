import Glibc
import Model
import Testing

@testable import Planning

#if !DEBUG
    /// What the design asks for, measured in release builds only: the bounds are wide, the figures are printed.
    @Suite("Speed", .serialized)
    struct SpeedTests {
        /// Microseconds that this thread has had of a processor.
        private func threadTime() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
        }

        private func microseconds(_ rounds: Int, _ body: () -> Void) -> Double {
            // The thread's own time, and the best of ten batches: other tests run at the same time.
            let batch = max(1, rounds / 10)
            var best = Double.infinity
            for _ in 0..<10 {
                let start = threadTime()
                for _ in 0..<batch { body() }
                best = min(best, (threadTime() - start) / Double(batch))
            }
            return best
        }

        @Test func `a pass over four stages takes at most 15 µs`() throws {
            var driver = try RunDriver(
                PipelineSpec([
                    stage("lint"), stage("test", needs: ["lint"]), stage("build", needs: ["test"]),
                    stage("ship", needs: ["build"]),
                ]))
            var sink = 0
            let first = microseconds(20_000) { sink &+= plan(for: driver.observation).ready.count }
            driver.pass()
            driver.bind("lint")
            driver.claim("lint")
            var finishing = driver.observation
            finishing.reports = [driver.report("lint", .finished(StageOutcome(.succeeded)))]
            let hop = microseconds(20_000) { sink &+= plan(for: finishing).ready.count }
            let idle = microseconds(20_000) { sink &+= plan(for: driver.observation).ready.count }
            print("plan, 4 stages: start \(first) µs, hand-over \(hop) µs, nothing new \(idle) µs (\(sink))")
            #expect(max(first, hop, idle) < 15)
        }

        @Test func `a pass grows with stages and edges`() throws {
            let axis = MatrixAxis(name: "v", values: (0..<64).map(String.init))
            var driver = try RunDriver(
                PipelineSpec((0..<4).map { matrix("t\($0)", [axis], needs: $0 == 0 ? [] : ["t\($0 - 1)"]) }))
            driver.pass()
            var sink = 0
            let time = microseconds(200) { sink &+= plan(for: driver.observation).ready.count }
            print("plan, 256 stages with 12288 edges: \(time) µs (\(sink))")
            #expect(time < 3000)
        }

        @Test(arguments: [1, 200])
        func `ten thousand ready stages meet five hundred agents in 50 ms`(selectors: Int) {
            let kinds = ["lint", "test", "build", "security"]
            var ready: [ReadyStage] = []
            for number in 0..<10_000 {
                ready.append(
                    ReadyStage(
                        run: "run-\(number / 4)", stage: kinds[number % 4], pipeline: "pipeline-\(number % 50)",
                        kind: kinds[number % 4],
                        selector: number % selectors == 0 ? [:] : ["zone": "z\(number % selectors)"],
                        priority: number % 3, since: Timestamp(seconds: Int64(number * 7919 % 1000)),
                        repository: "github.com/acme/r\(number % 100)"))
            }
            let candidates = (0..<500).map { number in
                Candidate(
                    agent: "agent-\(number)", instance: "i\(number)", kinds: [kinds[number % 4]],
                    labels: ["zone": "z\(number % selectors)"], slots: 4, free: 4,
                    repositories: (0..<10).map { "github.com/acme/r\((number + $0) % 100)" })
            }
            let input = SchedulingInput(ready: ready, candidates: candidates, now: Timestamp(seconds: 2000))
            var sink = 0
            let time = microseconds(10) { sink &+= schedule(input).bindings.count }
            print("schedule, 10000 × 500, \(selectors) selectors: \(time / 1000) ms (\(sink / 10) bound)")
            #expect(time < 50_000)
        }
    }
#endif
