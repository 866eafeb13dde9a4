/// What the server is told when it starts.
package struct WebSettings: Sendable {
    package var listen: ListenAddress
    /// How people reach the server, for links: `https://ci.example.com`, without a slash at its end.
    package var externalURL: String?
    package var secrets = WebhookSecrets()
    /// Takes deliveries that nobody has signed: anybody who reaches the port can start runs then.
    package var allowsUnsigned = false
    package var limits = WebLimits()

    package init(listen: ListenAddress) {
        self.listen = listen
    }
}

/// What one client, and all together, may take of the server.
package struct WebLimits: Sendable {
    /// The largest body of a delivery; GitHub sends no more than 25 MB.
    package var bodyBytes = 25 << 20
    /// What all bodies that are being received may take together. What finds no room is asked to come again.
    package var allBodiesBytes = 128 << 20
    /// A body of this size or less needs no room there.
    package var smallBodyBytes = 256 << 10
    package var headerBytes = 32 << 10
    package var headerCount = 100
    /// What is beyond waits to be accepted.
    package var connections = 512
    /// How long a connection may wait for the next request, or be in the middle of its headers.
    package var idle = Duration.seconds(15)
    /// How long a request's body may take.
    package var reading = Duration.seconds(30)
    /// How long a client may take to take its answer.
    package var writing = Duration.seconds(30)
    /// How long GitHub may be asked about one delivery: it waits for its own answer 10 seconds.
    package var asking = Duration.seconds(5)
    /// How long requests under way may take once the server is to stop.
    package var stopping = Duration.seconds(10)

    package init() {}
}
