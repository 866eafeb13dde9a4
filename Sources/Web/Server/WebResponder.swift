internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOHTTP1

/// Leads each request to its answer.
struct WebResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let webhook: Webhook
    let pages: Pages
    let ports: WebPorts
    let limits: WebLimits
    let room: BodyRoom

    init(webhook: Webhook, pages: Pages, ports: WebPorts, limits: WebLimits) {
        self.webhook = webhook
        self.pages = pages
        self.ports = ports
        self.limits = limits
        room = BodyRoom(bytes: limits.allBodiesBytes)
    }

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        let start = ContinuousClock.now
        let route = Route(request.uri.path)
        let answer = try await answer(to: request, route)
        let method =
            switch request.method {
            case .get: "GET"
            case .head: "HEAD"
            case .post: "POST"
            default: "other"
            }
        ports.meters.request(route?.word ?? "none", method, answer.status, (ContinuousClock.now - start).inSeconds)
        return answer.response(isHead: request.method == .head)
    }

    private func answer(to request: Request, _ route: Route?) async throws -> Answer {
        let wantsJSON = request.uri.path.hasPrefix("/api/") || request.headers[.accept]?.contains("json") == true
        guard let route else { return Answer(refusal: 404, "there is nothing here", asJSON: wantsJSON).ended(request) }
        if case .webhook = route {
            guard request.method == .post else { return refuse(request, allowing: "POST", asJSON: wantsJSON) }
            return try await webhookAnswer(to: request)
        }
        guard request.method == .get || request.method == .head else {
            return refuse(request, allowing: "GET, HEAD", asJSON: wantsJSON)
        }
        switch route {
        case .healthy: return Answer(200, .text, "ok\n")
        case .ready:
            guard let reason = await ports.unready() else { return Answer(200, .text, "ready\n") }
            return Answer(503, .text, reason + "\n")
        case .metrics: return Answer(200, .metrics, await ports.metrics())
        case .style: return pages.style(ifNoneMatch: request.headers[.ifNoneMatch])
        default: return await pages.answer(to: route, PageQuery(request.uri), asJSON: wantsJSON)
        }
    }

    private func refuse(_ request: Request, allowing methods: String, asJSON: Bool) -> Answer {
        var answer = Answer(refusal: 405, "this takes \(methods)", asJSON: asJSON)
        answer.headers[.allow] = methods
        return answer.ended(request)
    }

    // MARK: Webhooks

    private func webhookAnswer(to request: Request) async throws -> Answer {
        let start = ContinuousClock.now
        var delivery = Delivery(
            signature: request.headers[.hubSignature], event: request.headers[.githubEvent],
            id: request.headers[.githubDelivery], contentType: request.headers[.contentType])
        var answer: Answer
        if let refusal = webhook.refusal(of: delivery) {
            answer = refusal.ended(request)
        } else {
            answer = try await collected(request) { body in
                delivery.body = body
                return await webhook.answer(to: delivery)
            }
        }
        let seconds = (ContinuousClock.now - start).inSeconds
        ports.meters.delivery(Webhook.meterWord(for: delivery.event), answer.status, seconds)
        return answer
    }

    /// Reads the whole body, within the limits, and hands it on.
    private func collected(_ request: Request, _ use: (ByteBuffer) async -> Answer) async throws -> Answer {
        let tooLarge = Answer(refusal: 413, "the body is larger than \(limits.bodyBytes) bytes", asJSON: true)
        let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard announced <= limits.bodyBytes else { return tooLarge.endingConnection }
        var taken = 0
        defer { room.give(back: taken) }
        var body = ByteBuffer()
        do {
            if announced > limits.smallBodyBytes {
                guard take(announced, &taken) else { return Self.noRoom }
                body.reserveCapacity(announced)
            }
            for try await part in request.body {
                let size = body.readableBytes + part.readableBytes
                guard size <= limits.bodyBytes else { return tooLarge.endingConnection }
                if size > limits.smallBodyBytes, size > taken {
                    guard take(size - taken, &taken) else { return Self.noRoom }
                }
                if body.readableBytes == 0, announced <= part.readableBytes {
                    body = part
                } else {
                    body.writeImmutableBuffer(part)
                }
            }
        } catch let error as HTTPParserError {
            // Hummingbird answers these, and closes.
            throw error
        } catch {
            return Self.brokenOff
        }
        // A connection that is closed in between ends the body as its end would.
        guard announced == 0 || body.readableBytes == announced else { return Self.brokenOff }
        return await use(body)
    }

    private func take(_ bytes: Int, _ taken: inout Int) -> Bool {
        guard room.take(bytes) else { return false }
        taken += bytes
        return true
    }

    private static var brokenOff: Answer {
        Answer(refusal: 400, "the body broke off", asJSON: true).endingConnection
    }

    private static var noRoom: Answer {
        Answer(refusal: 503, "too many large bodies are being received", asJSON: true)
            .asking(toComeAgainIn: 5).endingConnection
    }
}

extension Answer {
    /// Ends the connection where the request's body has not been read, rather than reading what nobody wants.
    fileprivate func ended(_ request: Request) -> Answer {
        let hasBody = request.headers[.transferEncoding] != nil || (request.headers[.contentLength] ?? "0") != "0"
        return hasBody ? endingConnection : self
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension HTTPField.Name {
    private static func named(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is a header's name") }
        return field
    }

    static let hubSignature = named("X-Hub-Signature-256")
    static let githubEvent = named("X-GitHub-Event")
    static let githubDelivery = named("X-GitHub-Delivery")
}
