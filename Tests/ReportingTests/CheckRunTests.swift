import Document
import Model
import Testing

@testable import Reporting

@Suite struct CheckRunTests {
    struct Case: CustomTestStringConvertible {
        var stage: StageStatus
        var tolerated = false
        var expected: String
        var testDescription: String { expected }
    }

    private func check(_ stage: StageStatus, tolerated: Bool = false, rerun: Int = 0) throws -> CheckRun {
        let run = RunSummary(.sample(stages: [stage], rerun: rerun, tolerated: tolerated ? [stage.id] : []))
        return CheckRun(
            try #require(run.stages.first), of: run, links: RunLinks(external: "https://ci.example.com"))
    }

    @Test(arguments: [
        Case(stage: .sample("test", .pending), expected: "queued: Queued"),
        Case(stage: .sample("test", .queued), expected: "queued: Queued"),
        Case(stage: .sample("test", .assigned), expected: "queued: Queued"),
        Case(stage: .sample("test", .waiting, reason: "BackOff"), expected: "queued: Queued"),
        Case(
            stage: .sample("test", .waiting, reason: "WaitingForApproval"),
            expected: "completed action_required: Waits for approval"),
        Case(stage: .sample("test", .running), expected: "in_progress: Running"),
        Case(stage: .sample("test", .succeeded), expected: "completed success: Succeeded in 1 min 0 s"),
        Case(stage: .sample("test", .failed), expected: "completed failure: Failed, Re-run"),
        Case(stage: .sample("test", .failed, reason: "Timeout"), expected: "completed timed_out: Timed out, Re-run"),
        Case(
            stage: .sample("test", .failed), tolerated: true,
            expected: "completed neutral: Failed, which the pipeline tolerates"),
        Case(stage: .sample("test", .skipped), expected: "completed skipped: Skipped"),
        Case(stage: .sample("test", .cancelled), expected: "completed cancelled: Cancelled, Re-run"),
    ])
    func state(_ example: Case) throws {
        let check = try check(example.stage, tolerated: example.tolerated)
        let json = try parseJSON(check.json(revision: commit, annotations: []))
        let conclusion = json["conclusion"]?.string.map { " \($0)" } ?? ""
        let action = json["actions"]?.array?.first?["label"]?.string.map { ", \($0)" } ?? ""
        let words = "\(json["status"]?.string ?? "")\(conclusion): \(json["output"]?["title"]?.string ?? "")\(action)"
        #expect(words == example.expected)
    }

    @Test func `a check run has all that GitHub documents`() throws {
        var stage = StageStatus.sample("test", .failed, message: "2 tests *failed*\n<b>")
        stage.attempt = 2
        stage.agent = "test-1"
        let annotations = [
            Annotation.sample("src/a.py", line: 7, column: 4, .error, rule: "E501", message: "too long"),
            .sample("b.sh", line: nil, .notice, message: ""),
        ]
        let json = try check(stage, rerun: 1).json(revision: commit, annotations: annotations[...])
        let expected = #"""
            {
              "name": "app / test",
              "head_sha": "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
              "external_id": "u1/test/1",
              "details_url": "https://ci.example.com/runs/-/app-u1",
              "status": "completed",
              "conclusion": "failure",
              "started_at": "2023-11-14T22:14:20Z",
              "completed_at": "2023-11-14T22:15:20Z",
              "output": {
                "title": "Failed",
                "summary": "2 tests \\*failed\\*\n\\<b\\>\n\nrun app-u1, attempt 2, agent test-1",
                "annotations": [
                  {
                    "path": "src/a.py",
                    "start_line": 7,
                    "end_line": 7,
                    "start_column": 4,
                    "end_column": 4,
                    "annotation_level": "failure",
                    "message": "too long",
                    "title": "E501"
                  },
                  {
                    "path": "b.sh",
                    "start_line": 1,
                    "end_line": 1,
                    "annotation_level": "notice",
                    "message": "(no message)"
                  }
                ]
              },
              "actions": [
                {
                  "label": "Re-run",
                  "description": "Run what failed again",
                  "identifier": "rerun"
                }
              ]
            }
            """#
        #expect(try parseJSON(json).prettyJSON() == expected)
    }

    @Test func `annotations are kept by attempt, within bounds, and only for paths inside the repository`() {
        var store = AnnotationStore()
        let fence = Fence(run: "u1", stage: "lint", attempt: 1)
        store.add(
            [.sample("/etc/passwd"), .sample("../x"), .sample("a/../../x"), .sample(""), .sample("a.py")], to: fence)
        #expect(store[fence].map(\.path) == ["a.py"])
        store.add([.sample("b.py")], to: fence)
        #expect(store[fence].map(\.path) == ["a.py"], "an agent says the same again")
        let large = Fence(run: "u1", stage: "test", attempt: 1)
        store.add(Array(repeating: .sample("b.py"), count: 2000), to: large)
        #expect(store[large].count == AnnotationStore.limitPerFence)
        for number in 2...30 {
            store.add(
                Array(repeating: .sample("c.py"), count: 1000), to: Fence(run: "u\(number)", stage: "lint", attempt: 1))
        }
        #expect(store[fence].isEmpty)
        let last = Fence(run: "u30", stage: "lint", attempt: 1)
        #expect(store[last].count == 1000)
        store.carry(last)
        store.add([.sample("c.py")], to: last)
        #expect(store[last].isEmpty)
        store.forget(run: "u29")
        #expect(store[Fence(run: "u29", stage: "lint", attempt: 1)].isEmpty)
    }

    @Test func `which attempts' annotations have been carried away is remembered, the newest ones longest`() {
        var store = AnnotationStore()
        func fence(_ number: Int) -> Fence { Fence(run: "u\(number)", stage: "lint", attempt: 1) }
        for number in 0...AnnotationStore.carriedLimit * 2 {
            store.add([.sample("a.py")], to: fence(number))
            store.carry(fence(number))
        }
        #expect(store.isEmpty)
        for number in [0, AnnotationStore.carriedLimit, AnnotationStore.carriedLimit * 2] {
            store.add([.sample("a.py")], to: fence(number))
        }
        #expect(store[fence(0)].count == 1)
        #expect(store[fence(AnnotationStore.carriedLimit)].isEmpty)
        #expect(store[fence(AnnotationStore.carriedLimit * 2)].isEmpty)
    }
}
