import Document
import Model
import Planning
import Telemetry
import Testing

@Suite
struct CDEventsTests {
    private let events = CDEvents(installation: "here")

    @Test
    func `the end of a stage is written in the spec's words`() throws {
        var run = run("greet-1").started(1)
        run.metadata.namespace = "team"
        var source = ResolvedSource()
        source.revision = "abc"
        run.status.source = source
        let occurrence = Occurrence(
            .stageFinished(
                Fence(run: "u1", stage: "lint", attempt: 2), .failure, reason: "Failure", errors: "exit code 1"),
            at: at(5, milliseconds: 250))
        let event = events.event(occurrence, of: CDEvents.Subject(run, url: "https://ci/runs/1"), now: at(9))
        #expect(event.type == "dev.cdevents.taskrun.finished.0.2.0")
        #expect(
            event.subject == "u1/lint/2" && event.source == "/martlet/here" && event.time == at(5, milliseconds: 250))
        #expect(
            String(decoding: event.data, as: UTF8.self)
                == #"{"context":{"version":"0.4.1","id":"\#(event.id)","source":"/martlet/here","#
                + #""type":"dev.cdevents.taskrun.finished.0.2.0","timestamp":"2027-01-15T08:00:05.250000Z"},"#
                + #""subject":{"id":"u1/lint/2","source":"/martlet/here","type":"taskRun","#
                + #""content":{"taskName":"lint","url":"https://ci/runs/1","#
                + #""pipelineRun":{"id":"u1","source":"/martlet/here"},"outcome":"failure","errors":"exit code 1"}},"#
                + #""customData":{"run":"greet-1","namespace":"team","revision":"abc","attempt":2,"reason":"Failure"},"#
                + #""customDataContentType":"application/json"}"#)
    }

    struct Shape: Sendable {
        let what: Occurrence.What
        let type: String
        let subject: String
        /// What the published schema of the type has in `content`.
        let content: [String]
    }

    private static let fence = Fence(run: "u1", stage: "lint", attempt: 1)
    static let shapes = [
        Shape(
            what: .runQueued, type: "dev.cdevents.pipelinerun.queued.0.2.0", subject: "pipelineRun",
            content: ["pipelineName", "url"]),
        Shape(
            what: .runStarted, type: "dev.cdevents.pipelinerun.started.0.2.0", subject: "pipelineRun",
            content: ["pipelineName", "url"]),
        Shape(
            what: .runFinished(.error, reason: "Cancelled", errors: "cancelled"),
            type: "dev.cdevents.pipelinerun.finished.0.2.0", subject: "pipelineRun",
            content: ["pipelineName", "url", "outcome", "errors"]),
        Shape(
            what: .stageStarted(fence), type: "dev.cdevents.taskrun.started.0.2.0", subject: "taskRun",
            content: ["taskName", "url", "pipelineRun"]),
        Shape(
            what: .stageFinished(fence, .error, reason: "Timeout", errors: "took too long"),
            type: "dev.cdevents.taskrun.finished.0.2.0", subject: "taskRun",
            content: ["taskName", "url", "pipelineRun", "outcome", "errors"]),
    ]

    @Test(arguments: shapes)
    func `every type has the fields of its schema and no others`(_ shape: Shape) throws {
        let event = events.event(Occurrence(shape.what, at: at(1)), of: CDEvents.Subject(run(), url: nil), now: at(2))
        let node = try parseJSON(event.data)
        #expect(Self.keys(node) == ["context", "subject", "customData", "customDataContentType"])
        let context = try #require(node["context"])
        #expect(Self.keys(context) == ["version", "id", "source", "type", "timestamp"])
        #expect(context["type"]?.string == shape.type && event.type == shape.type)
        let subject = try #require(node["subject"])
        #expect(Self.keys(subject) == ["id", "source", "type", "content"])
        #expect(subject["type"]?.string == shape.subject)
        let content = try #require(subject["content"])
        #expect(Self.keys(content) == shape.content)
        // The schema's `minLength` of 1.
        for text in [context["id"], context["source"], subject["id"], subject["source"], content["url"]] {
            #expect(text?.string?.isEmpty == false)
        }
        #expect(context["timestamp"]?.string.flatMap(Timestamp.init) == event.time)
    }

    private static func keys(_ node: Node) -> [String] {
        guard case .object(let members) = node.value else { return [] }
        return members.map(\.key)
    }

    @Test
    func `ids follow from the installation, the run and what happened`() {
        func id(_ occurrence: Occurrence, uid: String = "u1", in installation: String = "here") -> String {
            CDEvents(installation: installation)
                .event(occurrence, of: CDEvents.Subject(run(uid: uid), url: nil), now: at(99)).id
        }
        let started = Occurrence(.runStarted, at: at(1))
        #expect(id(started) == id(started))
        let others = [
            id(started), id(started, uid: "u2"), id(started, in: "there"), id(Occurrence(.runStarted, at: at(2))),
            id(Occurrence(.runQueued, at: at(1))), id(Occurrence(.stageStarted(Self.fence), at: at(1))),
            id(Occurrence(.stageFinished(Self.fence, .success, reason: "", errors: nil), at: at(1))),
            id(Occurrence(.stageStarted(Fence(run: "u1", stage: "lint", attempt: 2)), at: at(1))),
        ]
        #expect(Set(others).count == others.count)
    }
}
