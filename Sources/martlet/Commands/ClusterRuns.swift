internal import Assembly
internal import Document
internal import KubernetesAPI
internal import Model

/// Looks runs up in a cluster.
struct ClusterRuns {
    private let client: KubernetesClient
    private let home: ClusterHome

    init(_ home: ClusterHome) throws {
        self.home = home
        client = try KubernetesClient(home.configuration)
    }

    /// - Parameter name: `NAME`, of the configuration's namespace, or `NAMESPACE/NAME`.
    /// - Throws: `CommandFailure` for a run that isn't there, or where the server can't be asked.
    func run(_ name: String) async throws -> PipelineRun {
        let words = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let namespace = words.count == 2 ? words[0] : home.configuration.namespace
        let run = words.last ?? name
        guard words.count <= 2, TextRule.dnsName.complaint(about: run) == nil,
            TextRule.dnsLabel.complaint(about: namespace) == nil
        else { throw CommandFailure("`\(name.shown())` names no run: say NAME or NAMESPACE/NAME") }
        let path = "/apis/\(Resource.apiVersion)/namespaces/\(namespace)/pipelineruns/\(run)"
        do {
            return PipelineRun(reading: try parseJSON(try await client.send(APIRequest(.get, path))))
        } catch let error as APIError {
            if error.status?.code == 404 {
                throw CommandFailure(
                    "no run `\(run)` in the namespace `\(namespace)` of \(home.configuration.server)"
                        + (words.count == 2 ? "" : " (NAMESPACE/NAME names another)"))
            }
            throw CommandFailure("\(home.place(of: error))\(error)")
        }
    }
}

extension ClusterHome {
    /// Names the server before an error that doesn't do so itself.
    func place(of error: APIError) -> String {
        error.description.contains(configuration.server) ? "" : "\(configuration.server): "
    }
}
