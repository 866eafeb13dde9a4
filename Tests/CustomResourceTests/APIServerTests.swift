import ClusterSupport
import Document
import Execution
import Glibc
import Testing

/// The API server of the tests itself.
@Suite struct APIServerTests {
    @Test func `it keeps what it has when it is ended and started again, on the same port`() async throws {
        try await withAPIServer { server in
            let namespace = try await server.namespace()
            let url = server.url
            try await server.kubectl("create", "configmap", "kept", "--from-literal=a=b", "-n", namespace)
            await server.stopServer()
            let refused = try await server.attempt("get", "configmap", "kept", "-n", namespace)
            #expect(!refused.exit.isSuccess)
            try await server.startServer()
            #expect(server.url == url)
            let kept = try await server.kubectl(
                "get", "configmap", "kept", "-n", namespace, "-o", "jsonpath={.data.a}")
            #expect(kept == "b")
        }
    }

    @Test func `who has a token may do what the role says and nothing else`() async throws {
        let server = try await APIServer.shared
        let namespace = try await server.namespace()
        try await server.kubectl("create", "clusterrole", namespace, "--verb=get", "--resource=configmaps")
        let reader = try await server.serviceAccount("reader", namespace: namespace, clusterRole: namespace)
        try await server.kubectl("create", "configmap", "readable", "-n", namespace)
        let name = try await server.kubectl("get", "configmap", "readable", "-n", namespace, "-o", "name", as: reader)
        #expect(name == "configmap/readable\n")
        let refused = try await server.attempt("create", "configmap", "none", "-n", namespace, as: reader)
        #expect(refused.errorText.contains("system:serviceaccount:\(namespace):reader"))
        #expect(refused.errorText.contains("forbidden"))
    }

    @Test func `two at once don't meet, and each takes its folder along`() async throws {
        async let first = APIServer.start()
        async let second = APIServer.start()
        let servers = try await [first, second]
        #expect(servers[0].url != servers[1].url)
        try await servers[0].kubectl("create", "namespace", "mine")
        let other = try await servers[1].attempt("get", "namespace", "mine")
        #expect(other.errorText.contains("not found"))
        for server in servers {
            await server.close()
            #expect(!FileSystem.exists(server.folder))
        }
    }
}
