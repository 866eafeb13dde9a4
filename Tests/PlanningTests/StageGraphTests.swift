import Model
import Testing

@testable import Planning

@Suite("The stage graph")
struct StageGraphTests {
    private let python = MatrixAxis(name: "python", values: ["3.11", "3.12"])
    private let system = MatrixAxis(name: "os", values: ["linux", "macos"])

    @Test func `a single stage keeps its name; combinations are numbered from 0 in the order of the axes`() throws {
        let graph = try StageGraph(PipelineSpec([stage("lint"), matrix("test", [python, system])]))
        #expect(graph.stages.map(\.id) == ["lint", "test.0", "test.1", "test.2", "test.3"])
        #expect(
            graph.stages.map(\.title) == [
                "lint", "test[python=3.11, os=linux]", "test[python=3.11, os=macos]", "test[python=3.12, os=linux]",
                "test[python=3.12, os=macos]",
            ])
        #expect(graph.stages[3].matrix == ["python": "3.12", "os": "linux"])
    }

    @Test func `what is excluded leaves no gap in the numbers`() throws {
        let spec = PipelineSpec([
            matrix("test", [python, system]) { $0.matrix?.exclude = [["python": "3.11", "os": "macos"]] }
        ])
        let graph = try StageGraph(spec)
        #expect(graph.stages.map(\.id) == ["test.0", "test.1", "test.2"])
        #expect(graph.stages[1].title == "test[python=3.12, os=linux]")
    }

    @Test func `needing a stage with a matrix means needing all its combinations`() throws {
        let graph = try StageGraph(
            PipelineSpec([
                matrix("test", [python]), matrix("pack", [system], needs: ["test"]), stage("end", needs: ["pack"]),
            ]))
        #expect(graph.stages.map(\.needs) == [[], [], [0, 1], [0, 1], [2, 3]])
        #expect(graph.stages.map(\.dependents) == [[2, 3], [2, 3], [4], [4], []])
        #expect(graph.ancestors(of: 4) == [0, 1, 2, 3])
    }

    @Test func `finally comes last, and can look at all others`() throws {
        let graph = try StageGraph(
            PipelineSpec([stage("a"), stage("b")], finally: [stage("tell"), stage("tidy", needs: ["tell"])]))
        #expect(graph.stages.map(\.isFinally) == [false, false, true, true])
        #expect(graph.finallyStart == 2)
        #expect(graph.ancestors(of: 2) == [0, 1])
        #expect(graph.ancestors(of: 3) == [0, 1, 2])
    }

    @Test func `the order has every stage after all that it needs`() throws {
        let graph = try StageGraph(
            PipelineSpec([stage("c", needs: ["b"]), stage("b", needs: ["a"]), stage("a"), stage("d")]))
        #expect(graph.order.map { graph.stages[$0].id } == ["a", "d", "b", "c"])
    }

    @Test(arguments: [
        ("a need that isn't there", PipelineSpec([stage("build"), stage("test", needs: ["biuld"])]), "`biuld`"),
        (
            "a circle, with its way",
            PipelineSpec([stage("a", needs: ["c"]), stage("b", needs: ["a"]), stage("c", needs: ["b"])]),
            "a → c → b → a"
        ),
        ("a stage that needs itself", PipelineSpec([stage("a", needs: ["a"])]), "itself"),
        ("a need of finally", PipelineSpec([stage("a", needs: ["f"])], finally: [stage("f")]), "finally"),
        ("a name used twice", PipelineSpec([stage("a"), stage("a")]), "`a`"),
        ("no stage at all", PipelineSpec([]), "stage"),
        (
            "a matrix without combinations",
            PipelineSpec([
                matrix("t", [MatrixAxis(name: "v", values: ["1"])]) { $0.matrix?.exclude = [["v": "1"]] }
            ]), "no combination"
        ),
        (
            "more than 256 stages",
            PipelineSpec([
                matrix("t", (0..<3).map { MatrixAxis(name: "v\($0)", values: (0..<7).map(String.init)) })
            ]), "256"
        ),
        (
            "a reference to results of what isn't needed",
            PipelineSpec([
                stage("a"), stage("b") { $0.env = [EnvironmentVariable(name: "X", value: "$(stages.a.results.x)")] },
            ]), "needs"
        ),
    ])
    func `a spec that can't be planned is refused`(name: String, spec: PipelineSpec, hint: String) throws {
        do {
            _ = try StageGraph(spec)
            Issue.record("\(name) must be refused")
        } catch {
            #expect(error.sentence.contains(hint), "\(name): \(error.sentence)")
        }
    }

    @Test func `256 stages are allowed`() throws {
        let axis = MatrixAxis(name: "v", values: (0..<64).map(String.init))
        let spec = PipelineSpec((0..<4).map { matrix("t\($0)", [axis]) })
        #expect(try StageGraph(spec).stages.count == 256)
    }

    @Test func `graphs of equal specs are equal`() throws {
        let spec = PipelineSpec([stage("a"), stage("b", needs: ["a"])])
        #expect(try StageGraph(spec) == StageGraph(spec))
        #expect(try StageGraph(spec) != StageGraph(PipelineSpec([stage("a")])))
    }
}
