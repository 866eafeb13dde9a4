import Execution
import Glibc

/// The keys and certificates of one API server, made by openssl in the folder that is given.
enum Certificates {
    /// An authority, the server's and an administrator's certificates from it, and the key that signs the tokens of
    /// service accounts.
    private static let script = """
        request() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "$@"; }
        sign() { openssl x509 -req -days 2 -CA ca.crt -CAkey ca.key -CAcreateserial "$@"; }
        request -x509 -days 2 -subj /CN=martlet-tests -keyout ca.key -out ca.crt
        request -subj /CN=kube-apiserver -keyout server.key -out server.csr
        printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\\nextendedKeyUsage=serverAuth\\n' > server.cnf
        sign -in server.csr -extfile server.cnf -out server.crt
        request -subj /O=system:masters/CN=admin -keyout admin.key -out admin.csr
        printf 'extendedKeyUsage=clientAuth\\n' > admin.cnf
        sign -in admin.csr -extfile admin.cnf -out admin.crt
        openssl ecparam -name prime256v1 -genkey -noout -out service-accounts.key
        """

    static func make(in folder: String) async throws {
        let path = getenv("PATH").map { String(cString: $0) } ?? StageEnvironment.defaultPath
        let command = Command(
            "sh", ["-ec", script], environment: ["PATH": path, "RANDFILE": "\(folder)/rnd"], workingDirectory: folder)
        let reply = try await command.capture()
        guard reply.exit.isSuccess else { throw ClusterError("openssl \(reply.exit):\n\(reply.errorText)") }
    }
}
