internal import Document
package import HTTPTestSupport
package import Model
internal import Synchronization

/// A GitHub that keeps check runs and statuses, refuses what its documentation doesn't have, and fails as the test says.
package final class StandInGitHub: Sendable {
    /// Whom it knows, and what of.
    package struct World: Sendable {
        /// The only commit of acme/app that there is.
        package var commit: String
        package var userAgent: String
        /// Tokens of an App last a little over an hour from then.
        package var now: Timestamp

        package init(commit: String, userAgent: String, now: Timestamp) {
            self.commit = commit
            self.userAgent = userAgent
            self.now = now
        }
    }

    package struct Check: Equatable, Sendable {
        package var id: Int
        package var externalID: String
        package var name: String
        /// `queued`, or `completed/success`.
        package var state: String
        package var annotations = 0

        package init(id: Int, externalID: String, name: String, state: String, annotations: Int = 0) {
            self.id = id
            self.externalID = externalID
            self.name = name
            self.state = state
            self.annotations = annotations
        }
    }

    private struct State {
        var checks: [Check] = []
        var statuses: [String] = []
        var tokens = 0
        var complaints: [String] = []
    }

    package typealias Fault = @Sendable (_ request: ReceivedRequest, _ number: Int) -> StandIn.Answer?

    private let shared: SharedState
    private let server: StandIn

    /// - Parameters:
    ///   - fault: Answers instead; nil lets the request pass.
    ///   - lostAnswers: Numbers of requests that are acted upon, and whose connection breaks then.
    package init(
        _ world: World, checks: [Check] = [], fault: @escaping Fault = { _, _ in nil }, lostAnswers: Set<Int> = []
    ) throws {
        let shared = SharedState(State(checks: checks))
        self.shared = shared
        server = try StandIn { request, number in
            if let answer = fault(request, number) { return answer }
            let answer = shared.value.withLock { Self.answer(request, world, &$0) }
            return lostAnswers.contains(number) ? .cut : answer
        }
    }

    /// A mutex that a closure and its maker share.
    private final class SharedState: Sendable {
        let value: Mutex<State>
        init(_ state: State) { value = Mutex(state) }
    }

    package var url: String { server.url }
    package var repository: String { "\(server.url)/acme/app.git" }
    package var requests: Journal<ReceivedRequest> { server.requests }
    package var calls: [String] { server.requests.entries.map(\.call) }
    package var checks: [Check] { shared.value.withLock { $0.checks } }
    package var statuses: [String] { shared.value.withLock { $0.statuses } }
    /// What a request had that GitHub doesn't document, or hadn't that it demands.
    package var complaints: [String] { shared.value.withLock { $0.complaints } }

    private static func answer(_ request: ReceivedRequest, _ world: World, _ state: inout State) -> StandIn.Answer {
        for (name, value) in [
            ("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28"),
            ("user-agent", world.userAgent),
        ] where request[name] != value { state.complaints.append("\(request.call): \(name)") }
        let body = request.body.isEmpty ? nil : try? parseJSON(request.body)
        let bearer = request["authorization"].map { String($0.dropFirst(7)) } ?? ""
        let path = request.target.split(separator: "?").first.map(String.init) ?? ""
        switch (request.method, path) {
        case ("GET", "/repos/acme/app/installation"), ("POST", "/app/installations/77/access_tokens"):
            guard let claims = SampleKey.claims(bearer), claims["iss"]?.string == "123" else {
                return StandIn.Answer(status: 401, body: #"{"message":"Bad credentials"}"#)
            }
            if request.method == "GET" { return StandIn.Answer(body: #"{"id":77,"app_id":123}"#) }
            state.tokens += 1
            return StandIn.Answer(
                status: 201,
                body: #"{"token":"ghs_\#(state.tokens)","expires_at":"\#(world.now.adding(seconds: 3725))"}"#)
        case ("POST", "/repos/acme/app/statuses/\(world.commit)"):
            if bearer != "ghp_hush", !bearer.hasPrefix("ghs_") { return StandIn.Answer(status: 401) }
            require(body, ["state", "target_url", "description", "context"], needed: ["state"], request, &state)
            let word = body?["state"]?.string ?? ""
            let isKnown = ["pending", "success", "failure", "error"].contains(word)
            if !isKnown { state.complaints.append("state \(word)") }
            state.statuses.append("\(body?["context"]?.string ?? "") \(word)")
            return StandIn.Answer(status: 201, body: #"{"id":1}"#)
        case ("GET", "/repos/acme/app/commits/\(world.commit)/check-runs"):
            guard bearer.hasPrefix("ghs_") else { return StandIn.Answer(status: 401) }
            let page = request.target.split(separator: "page=").last.flatMap { Int($0) } ?? 1
            let shown = state.checks.dropFirst((page - 1) * 100).prefix(100).map { check in
                let conclusion = check.state.split(separator: "/").dropFirst().first.map { #""\#($0)""# } ?? "null"
                return #"{"id":\#(check.id),"external_id":"\#(check.externalID)","conclusion":\#(conclusion),"#
                    + #""output":{"annotations_count":\#(check.annotations)}}"#
            }
            return StandIn.Answer(
                body: #"{"total_count":\#(state.checks.count),"check_runs":[\#(shown.joined(separator: ","))]}"#)
        case ("POST", "/repos/acme/app/check-runs"):
            guard bearer.hasPrefix("ghs_") else { return StandIn.Answer(status: 401) }
            let id = 100 + state.checks.count
            state.checks.append(Check(id: id, externalID: "", name: "", state: ""))
            update(body, state.checks.count - 1, needed: ["name", "head_sha"], request, &state)
            return StandIn.Answer(status: 201, body: #"{"id":\#(id)}"#)
        case ("PATCH", _) where path.hasPrefix("/repos/acme/app/check-runs/"):
            guard bearer.hasPrefix("ghs_") else { return StandIn.Answer(status: 401) }
            guard let id = path.split(separator: "/").last.flatMap({ Int($0) }),
                let place = state.checks.firstIndex(where: { $0.id == id })
            else { return StandIn.Answer(status: 404, body: #"{"message":"Not Found"}"#) }
            update(body, place, needed: [], request, &state)
            return StandIn.Answer(body: #"{"id":\#(id)}"#)
        default: return StandIn.Answer(status: 404, body: #"{"message":"Not Found"}"#)
        }
    }

    private static func update(
        _ body: Node?, _ place: Int, needed: [String], _ request: ReceivedRequest, _ state: inout State
    ) {
        require(
            body,
            [
                "name", "head_sha", "external_id", "details_url", "status", "conclusion", "started_at",
                "completed_at", "output", "actions",
            ], needed: needed, request, &state)
        if let name = body?["name"]?.string { state.checks[place].name = name }
        if let id = body?["external_id"]?.string { state.checks[place].externalID = id }
        if let status = body?["status"]?.string {
            let conclusion = body?["conclusion"]?.string
            state.checks[place].state = conclusion.map { "\(status)/\($0)" } ?? status
            let isKnown = conclusion.map {
                [
                    "action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out",
                ].contains($0) && status == "completed"
            }
            if !(isKnown ?? ["queued", "in_progress"].contains(status)) {
                state.complaints.append("status \(state.checks[place].state)")
            }
        }
        require(
            body?["output"], ["title", "summary", "text", "annotations", "images"], needed: ["title", "summary"],
            request, &state)
        let annotations = body?["output"]?["annotations"]?.array ?? []
        if annotations.count > 50 { state.complaints.append("\(annotations.count) annotations") }
        for annotation in annotations {
            require(
                annotation,
                [
                    "path", "start_line", "end_line", "start_column", "end_column", "annotation_level", "message",
                    "title", "raw_details",
                ], needed: ["path", "start_line", "end_line", "annotation_level", "message"], request, &state)
        }
        state.checks[place].annotations += annotations.count
        for action in body?["actions"]?.array ?? [] {
            for (name, limit) in [("label", 20), ("description", 40), ("identifier", 20)]
            where !(1...limit).contains(action[name]?.string?.count ?? 0) {
                state.complaints.append("action \(name)")
            }
        }
    }

    private static func require(
        _ node: Node?, _ allowed: Set<String>, needed: [String], _ request: ReceivedRequest, _ state: inout State
    ) {
        let keys = node?.members?.map(\.key) ?? []
        for key in keys where !allowed.contains(key) { state.complaints.append("\(request.call): \(key)") }
        for key in needed where !keys.contains(key) { state.complaints.append("\(request.call): no \(key)") }
    }
}
