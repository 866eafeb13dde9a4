package import Controller
internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import Threads

/// The one HTTP server of a process: webhooks, pages, a JSON API, health, metrics.
///
/// It knows nobody who asks: whoever reaches its port reads everything but logs and secrets. Webhooks alone are
/// authenticated, by their signature.
package struct WebServer: Sendable {
    private let settings: WebSettings
    private let responder: WebResponder
    private let logger: Logger
    private let listening: @Sendable (Int) -> Void

    /// - Parameter listening: Is told the port once the server takes connections.
    package init(
        _ settings: WebSettings, desk: any RunDesk, view: any RunsView, ports: WebPorts, logger: Logger,
        listening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.settings = settings
        self.logger = logger
        self.listening = listening
        let webhook = Webhook(settings: settings, desk: desk, view: view, ports: ports, logger: logger)
        responder = WebResponder(
            webhook: webhook, pages: Pages(view: view, ports: ports, externalURL: settings.externalURL), ports: ports,
            limits: settings.limits)
    }

    /// Serves until it is cancelled; then requests under way are answered before it returns.
    ///
    /// - Throws: where it can't listen at the address.
    package func run() async throws {
        if settings.secrets.isEmpty {
            logger.warning(
                settings.allowsUnsigned
                    ? "webhooks are taken without a signature: anybody who reaches this port can start runs"
                    : "there is no secret for webhooks, so that every delivery is refused")
        }
        let limits = settings.limits
        var http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(limits: limits)], idleTimeout: TimeAmount(limits.idle))
        http.httpDecoder = .init(
            maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
            maxHeaderFieldCount: limits.headerCount)
        var configuration = ApplicationConfiguration(
            address: .hostname(settings.listen.host, port: settings.listen.port),
            availableConnectionsDelegate: .maximum(limits.connections, logger: quiet))
        configuration.serverName = nil
        let listening = listening
        let application = Application(
            responder: responder, server: .http1(configuration: http), configuration: configuration,
            onServerRunning: { channel in listening(channel.localAddress?.port ?? 0) }, logger: quiet)
        // Cancelling the group would cut off requests under way. So it isn't a child of the task that is cancelled, and
        // ends by itself once the stop has ended.
        let (stops, stop) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        var group = ServiceGroupConfiguration(
            services: [
                .init(service: application),
                .init(service: Stop(stops: stops), successTerminationBehavior: .gracefullyShutdownGroup),
            ], logger: quiet)
        group.maximumGracefulShutdownDuration = limits.stopping
        let services = ServiceGroup(configuration: group)
        // A controller in the midst of a large pass would otherwise hold up each answer by as much.
        let executor = try ThreadExecutor("martlet-web")
        defer { executor.stop() }
        let work = Task(executorPreference: executor) { try await services.run() }
        do {
            try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                stop.yield()
            }
        } catch let error as IOError {
            throw ListenError(address: settings.listen, reason: String(cString: strerror(error.errnoCode)))
        } catch let error as NIOConnectionError {
            throw ListenError(address: settings.listen, reason: "\(error.host) is no host here")
        } catch let error as SocketAddressError.UnknownHost {
            throw ListenError(address: settings.listen, reason: "\(error.host) is no host here")
        } catch let error as SocketAddressError {
            throw ListenError(address: settings.listen, reason: "\(error)")
        }
    }

    /// The libraries' own words below errors are about every connection.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .error)
        return logger
    }

    private struct Stop: Service {
        let stops: AsyncStream<Void>

        func run() async {
            for await _ in stops { return }
        }
    }
}

/// The server's address can't be listened at.
package struct ListenError: Error, Equatable, CustomStringConvertible {
    package var address: ListenAddress
    package var reason: String

    package var description: String { "can't listen at \(address): \(reason)" }
}
