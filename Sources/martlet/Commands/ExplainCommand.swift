internal import ArgumentParser
internal import Assembly
internal import Controller
internal import Glibc
internal import Model
internal import Planning
internal import Presentation
internal import Stores

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says why a run or a stage doesn't go on, or ended as it did, and what would change that.",
        discussion: """
            Names everything that holds a stage back, with each agent of its kind and why that one doesn't take it. \
            Agents are asked for through Kafka at this moment; all else is as the run's status was last stored.

            Examples:
              martlet explain greeter-x7k2a
              martlet explain greeter-x7k2a build
              martlet explain greeter-x7k2a --json
            """)

    @Argument(help: ArgumentHelp("The run's name or UID.", valueName: "RUN"), completion: .custom(RunNames.complete))
    var name: String

    @Argument(help: ArgumentHelp("Only this stage; all combinations of a matrix.", valueName: "STAGE"))
    var stage: String?

    @OptionGroup var state: StateOption
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var output: OutputOption

    func run() async throws {
        let settings = try state.resolve(and: cluster, output)
        let home = try Home(settings)
        let run = try await home.run(name)
        var input = try await home.explanationInput(of: run)
        if input.wantsAgents { input.agents = try await home.agents(settings) }
        let explanation = explanation(of: input)
        let only = try stage.map { try stages($0, of: explanation, input.graph) }
        let console = Console.standard
        if settings.wantsJSON {
            return console.write(ExplanationJSON.text(explanation, of: run, only: only, agents: input.agents))
        }
        let text = ExplanationText(
            explanation, of: run, only: only, now: input.now, width: console.width,
            clock: { LocalTime.text($0, now: input.now) })
        console.write(text.rendered(colour: console.colour))
    }

    /// The ids of the stage or combinations that a word names.
    private func stages(_ word: String, of explanation: RunExplanation, _ graph: StageGraph?) throws -> [String] {
        let ids = explanation.stages.map(\.id)
        if ids.contains(word) { return [word] }
        let combinations = explanation.stages.filter { stage in
            stage.title == word || graph?.place(of: stage.id).map { graph?.stages[$0].name == word } ?? false
        }
        if !combinations.isEmpty { return combinations.map(\.id) }
        let near = Suggestion.nearest(to: word, among: ids).map { "did you mean `\($0)`?" }
        let all = ids.isEmpty ? "its stages aren't known" : "there is \(ids.joined(separator: ", "))"
        throw CommandFailure("the run `\(explanation.run)` has no stage `\(word.shown())` (\(near ?? all))")
    }
}

extension ExplanationInput {
    /// Whether it matters who is there.
    fileprivate var wantsAgents: Bool { !run.hasEnded }
}

extension Home {
    /// What the state folder knows.
    fileprivate func explanationInput(of run: PipelineRun) async throws -> ExplanationInput {
        let pipelines = run.spec.pipelineRef == nil ? [] : try await reader.pipelines(namespace: run.metadata.namespace)
        let ground = ground(of: run, pipelines)
        var input = ExplanationInput(
            run: run, graph: nil, obstacle: ground.obstacle, isControlled: folder.controller != nil, now: .current())
        guard let spec = ground.spec else { return input }
        do throws(GraphProblem) {
            input.graph = try StageGraph(spec)
        } catch {
            input.obstacle = .invalid(error.sentence(of: run))
        }
        input.holders = try await holders(besides: run, input.graph)
        return input
    }

    private func ground(of run: PipelineRun, _ pipelines: [Pipeline]) -> (spec: PipelineSpec?, obstacle: Obstacle?) {
        run.ground(
            pipeline: pipelines.first { $0.metadata.name == run.spec.pipelineRef?.name },
            isSpecChanged: run.metadata.annotations[ControllerMachine.specChangedAnnotation] != nil)
    }

    /// Who has started in the run's concurrency group, by name. A group may be that of several pipelines.
    private func holders(besides run: PipelineRun, _ graph: StageGraph?) async throws -> [String] {
        guard !run.status.isFinished, let group = try? graph?.concurrencyGroup(of: run) else { return [] }
        let pipelines = try await reader.pipelines(namespace: run.metadata.namespace)
        return try await reader.activeRuns().filter { other in
            guard other.uid != run.uid, other.status.startTime != nil,
                other.metadata.namespace == run.metadata.namespace,
                let spec = ground(of: other, pipelines).spec, let graph = try? StageGraph(spec)
            else { return false }
            return (try? graph.concurrencyGroup(of: other)) == group
        }.map(\.metadata.name).sorted()
    }

    /// Who is there at this moment, as the scheduler would see them.
    fileprivate func agents(_ settings: SettingValues) async throws -> ExplanationInput.Agents {
        do {
            let roll = try await RollCall.agents(
                in: folder, kafka: try settings.kafka(), logger: settings.logger("martlet", quiet: true))
            return .known(
                roll.candidates(
                    active: try await reader.activeRuns(), passedOver: folder.passedOver, now: .current()))
        } catch let error as CommandFailure {
            throw error
        } catch RollCallError.noBroker where folder.controller != nil {
            // The controller has a broker of its own, which only somebody who looks from elsewhere doesn't know.
            Console.error("martlet: agents were not asked: name the controller's broker with --kafka")
            return .unknown
        } catch {
            return .outOfReach("\(error)".shown(512))
        }
    }
}

/// Times as they are where the reader is.
enum LocalTime {
    /// `19:41:02`; with its date where that isn't today.
    static func text(_ time: Timestamp, now: Timestamp) -> String {
        let format = day(time) == day(now) ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S"
        return formatted(time, format)
    }

    private static func day(_ time: Timestamp) -> String { formatted(time, "%Y-%m-%d") }

    private static func formatted(_ time: Timestamp, _ format: String) -> String {
        var seconds = time_t(time.microseconds / 1_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var bytes = [UInt8](repeating: 0, count: 64)
        // The array is writable for as long as the call lasts, and strftime stops at its end.
        let count = bytes.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { strftime($0.assumingMemoryBound(to: CChar.self), buffer.count, format, &parts) }
                ?? 0
        }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
