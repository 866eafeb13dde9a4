internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// Ends connections whose client takes too long to send a request or to take an answer, answers headers that are too
/// large, and closes after an answer that says so.
///
/// Time between requests and within headers is watched elsewhere, by Hummingbird. That time-out begins anew with
/// each piece of a body, so that a client could drip one for ever.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let reading: TimeAmount
    private let writing: TimeAmount
    private var isReading = false
    private var readTimer: Scheduled<Void>?
    private var writeTimer: Scheduled<Void>?
    /// Requests whose answer isn't complete.
    private var unanswered = 0
    private var isAnswering = false
    /// The present answer is the connection's last.
    private var endsAfterAnswer = false
    /// It has been written: what still comes is thrown away.
    private var hasEnded = false

    init(limits: WebLimits) {
        reading = TimeAmount(limits.reading)
        writing = TimeAmount(limits.writing)
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancelTimers() }

    func channelInactive(context: ChannelHandlerContext) {
        cancelTimers()
        context.fireChannelInactive()
    }

    private func cancelTimers() {
        readTimer?.cancel()
        writeTimer?.cancel()
        (readTimer, writeTimer) = (nil, nil)
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if hasEnded { return }
        switch unwrapInboundIn(data) {
        case .head:
            isReading = true
            unanswered += 1
        case .body: break
        case .end:
            isReading = false
            readTimer?.cancel()
            readTimer = nil
        }
        context.fireChannelRead(data)
    }

    /// Most requests have come whole by now, and need no timer.
    func channelReadComplete(context: ChannelHandlerContext) {
        if isReading, readTimer == nil {
            readTimer = context.eventLoop.assumeIsolated().scheduleTask(in: reading) { [self] in
                readTimer = nil
                refuse(408, context)
            }
        }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard case HTTPParserError.headerOverflow = error else {
            context.fireErrorCaught(error)
            return
        }
        unanswered += 1
        refuse(431, context)
    }

    /// Answers in the handler's own name, where that can't be mixed up with another answer, and closes.
    private func refuse(_ status: Int, _ context: ChannelHandlerContext) {
        guard unanswered == 1, !isAnswering, !hasEnded else {
            context.close(promise: nil)
            return
        }
        let fields: HTTPFields = [.contentLength: "0", .connection: "close"]
        let head = HTTPResponse(status: HTTPResponse.Status(code: status), headerFields: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        linger(context)
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if hasEnded {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isAnswering = true
            endsAfterAnswer = endsAfterAnswer || head.headerFields[.connection] == "close"
            writeTimer?.cancel()
            writeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: writing) {
                context.close(promise: nil)
            }
            context.write(data, promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            isAnswering = false
            unanswered -= 1
            let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
            let written = promise.futureResult.assumeIsolated()
            written.whenComplete { [self] _ in
                writeTimer?.cancel()
                writeTimer = nil
                if endsAfterAnswer { linger(context) }
            }
            context.write(data, promise: promise)
        }
    }

    /// Closes without losing the answer: a socket that is closed with unread data in it makes the client's side forget
    /// what it has received. So the client has a moment to see the end.
    private func linger(_ context: ChannelHandlerContext) {
        guard !hasEnded else { return }
        hasEnded = true
        cancelTimers()
        context.close(mode: .output, promise: nil)
        writeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if hasEnded, case ChannelEvent.inputClosed? = event as? ChannelEvent {
            context.close(promise: nil)
            return
        }
        context.fireUserInboundEventTriggered(event)
    }
}

// A channel's handlers are used on its event loop alone.
@available(*, unavailable)
extension ConnectionGuard: Sendable {}
