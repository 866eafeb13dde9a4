internal import Controller
internal import Document
internal import Logging
internal import Model
internal import NIOCore

/// The webhook's path: who is heard, what is read, how it is answered.
struct Webhook: Sendable {
    private let settings: WebSettings
    private let ports: WebPorts
    private let reactions: Reactions
    private let logger: Logger
    private let refusals = RefusalLog()

    init(settings: WebSettings, desk: any RunDesk, view: any RunsView, ports: WebPorts, logger: Logger) {
        self.settings = settings
        self.ports = ports
        self.logger = logger
        reactions = Reactions(desk: desk, view: view, questions: ports.github, patience: settings.limits.asking)
    }

    /// The events that something acts upon, or that metrics tell apart.
    static let knownEvents = [
        "ping", "push", "pull_request", "check_run", "check_suite", "issue_comment", "create", "delete", "status",
        "workflow_run", "installation",
    ]

    static func meterWord(for event: String?) -> String {
        event.map { event in knownEvents.contains(event) ? event : "other" } ?? "none"
    }

    /// What can be refused by its head alone, so that its body needn't be read.
    func refusal(of delivery: Delivery) -> Answer? {
        if settings.secrets.isEmpty, !settings.allowsUnsigned {
            return refused("no secret for webhooks is configured here", "there is no secret for webhooks")
        }
        guard let header = delivery.signature else {
            return settings.allowsUnsigned ? nil : refused("X-Hub-Signature-256 is missing", "it isn't signed")
        }
        if WebhookSignature(header) == nil {
            return refused("X-Hub-Signature-256 is no signature", "its signature can't be read")
        }
        return nil
    }

    /// The answer to a delivery that has come whole. Nothing of it is parsed before its signature is checked.
    func answer(to delivery: Delivery) async -> Answer {
        guard isSigned(delivery) else {
            return refused("the signature isn't that of this body with the configured secret", "its signature is wrong")
        }
        guard let event = delivery.event, !event.isEmpty, event.utf8.count <= 64 else {
            return refusal(400, "X-GitHub-Event is missing", of: delivery)
        }
        guard let id = delivery.id, Delivery.isSound(id: id) else {
            return refusal(
                400, "X-GitHub-Delivery is missing, or isn't up to 128 letters, digits and -_.:", of: delivery)
        }
        var logger = logger
        logger[metadataKey: "delivery"] = .string(id)
        logger[metadataKey: "event"] = .string(event.shown(64))
        let read: (GitHubEvent, GitHubRepository?)
        do {
            read = try self.read(delivery, event: event, id: id)
        } catch {
            logger.notice("refused a delivery: \(error.problem)", metadata: ["status": "\(error.status)"])
            return Answer(refusal: error.status, error.problem, asJSON: true)
        }
        let outcome = await reactions.outcome(of: read.0, in: read.1, delivery: id)
        log(outcome, logger)
        return outcome.answer(to: id, event: event)
    }

    private func isSigned(_ delivery: Delivery) -> Bool {
        guard let header = delivery.signature, !settings.secrets.isEmpty else { return settings.allowsUnsigned }
        // The bytes are only read while the closure runs.
        return WebhookSignature(header).map { signature in
            delivery.body.withUnsafeReadableBytes { signature.isValid(for: $0, settings.secrets) }
        } ?? false
    }

    // MARK: Reading

    private struct ReadError: Error {
        var status: Int
        var problem: String
    }

    private func read(
        _ delivery: Delivery, event: String, id: String
    ) throws(ReadError) -> (GitHubEvent, GitHubRepository?) {
        let root = try parsed(delivery)
        let payload = GitHubPayload(root: root, delivery: id, received: ports.now())
        do throws(PayloadError) {
            let read = try payload.event(event)
            switch read {
            case .ping, .ignored: return (read, nil)
            case .source, .rerun, .rerunAll, .comment: return (read, try payload.repository())
            }
        } catch {
            throw ReadError(status: 400, problem: error.problem)
        }
    }

    private func parsed(_ delivery: Delivery) throws(ReadError) -> Node {
        let type = delivery.contentType?.split(separator: ";").first.map { type in
            type.lowercased().filter { !$0.isWhitespace }
        }
        // Deep enough for any payload, and no more values than fit in some 100 MB.
        let limits = JSONLimits(bytes: settings.limits.bodyBytes, depth: 64, values: 1_000_000)
        let result: Result<Node, ReadError>
        switch type {
        case "application/json":
            // The bytes are only read while the closure runs.
            result = delivery.body.withUnsafeReadableBytes { raw in
                raw.withMemoryRebound(to: UInt8.self) { bytes in Self.parse(bytes, limits) }
            }
        case "application/x-www-form-urlencoded":
            let field = delivery.body.withUnsafeReadableBytes { FormField.value(of: "payload", in: $0) }
            guard let field else { throw ReadError(status: 400, problem: "the form has no field `payload`") }
            result = field.withUnsafeBufferPointer { Self.parse($0, limits) }
        default:
            throw ReadError(
                status: 415, problem: "the content is neither application/json nor application/x-www-form-urlencoded")
        }
        return try result.get()
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>, _ limits: JSONLimits) -> Result<Node, ReadError> {
        do throws(JSONError) {
            let node = try parseJSON(bytes, limits: limits)
            guard node.members != nil else {
                return .failure(ReadError(status: 400, problem: "the payload is no object"))
            }
            return .success(node)
        } catch {
            return .failure(ReadError(status: 400, problem: "the payload is no JSON: \(error)"))
        }
    }

    // MARK: Telling

    private func refused(_ answer: String, _ why: String) -> Answer {
        if let count = refusals.note() {
            logger.warning(
                "refused a delivery: \(why)", metadata: ["status": "401", "refusals": "\(count)"])
        }
        return Answer(refusal: 401, answer, asJSON: true)
    }

    private func refusal(_ status: Int, _ problem: String, of delivery: Delivery) -> Answer {
        logger.notice("refused a delivery: \(problem)", metadata: ["status": "\(status)"])
        return Answer(refusal: status, problem, asJSON: true)
    }

    private func log(_ outcome: DeliveryOutcome, _ logger: Logger) {
        for run in outcome.runs {
            let name = (run.namespace.map { $0 + "/" } ?? "") + run.name
            let reason = run.reason.map { ": \($0.shown(512))" } ?? ""
            let level: Logger.Level =
                switch run.outcome {
                case .made, .asked, .exists: .info
                case .refused: .warning
                case .failed: .error
                }
            logger.log(level: level, "\(run.outcome.sentence)\(reason)", metadata: ["run": .string(name)])
        }
        guard let reason = outcome.reason else { return }
        logger.log(level: outcome.isOutOfReach ? .error : .debug, "\(reason.shown(512))")
    }
}
