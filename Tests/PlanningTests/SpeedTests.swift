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

        @Test func `and so they do with many labels, agents of several kinds and a thousand pipelines`() throws {
            let kinds = ["lint", "test", "build", "security", "shell", "gpu"]
            var ready: [ReadyStage] = []
            for number in 0..<10_000 {
                // Some 2,000 different wishes.
                var selector: StringMap = [:]
                let mix = number * 2_654_435_761 % 4_294_967_296 >> 7
                if mix % 2 == 0 { selector["zone"] = "z\(mix / 2 % 20)" }
                if mix / 40 % 3 == 0 { selector["arch"] = mix / 120 % 2 == 0 ? "arm64" : "amd64" }
                if mix / 240 % 4 == 0 { selector["size"] = "s\(mix / 960 % 5)" }
                if mix / 4800 % 5 == 0 { selector["disk"] = "ssd" }
                ready.append(
                    ReadyStage(
                        run: "run-\(number / 3)", stage: "stage-\(number % 3)",
                        pipeline: "pipeline-\(number * 31 % 1000)",
                        kind: kinds[number % 6], selector: selector, priority: number % 11 == 0 ? 5 : 0,
                        since: Timestamp(seconds: Int64(number * 7919 % 100_000)),
                        repository: "github.com/acme/r\(number % 200)"))
            }
            let candidates = (0..<500).map { number in
                Candidate(
                    agent: "agent-\(number)", instance: "i\(number)",
                    kinds: (0...(number % 3)).map { kinds[(number + $0) % 6] },
                    labels: [
                        "zone": "z\(number % 20)", "arch": number % 4 == 0 ? "arm64" : "amd64",
                        "size": "s\(number % 5)", "disk": number % 2 == 0 ? "ssd" : "hdd",
                    ], slots: 4, free: number % 5,
                    repositories: (0..<20).map { "github.com/acme/r\((number * 7 + $0) % 200)" },
                    isDraining: number % 50 == 0,
                    passedOverUntil: number % 33 == 0 ? Timestamp(seconds: 200_009) : nil)
            }
            let shares = (0..<1000).map { PipelineShare(pipeline: "pipeline-\($0)", stages: $0 % 7) }
            let input = SchedulingInput(
                ready: ready, candidates: candidates, bound: shares, now: Timestamp(seconds: 200_000))
            var sink = 0
            let time = microseconds(10) { sink &+= schedule(input).bindings.count }
            print("schedule, 10000 × 500, many wishes: \(time / 1000) ms (\(sink / 10) bound)")
            #expect(time < 50_000)
        }
    }
#endif
