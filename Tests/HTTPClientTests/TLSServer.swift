import Execution
import Glibc

/// Certificates for the tests, made by openssl, in a folder that goes with the last reference.
final class TestCertificates: Sendable {
    let folder: String

    /// An authority, and a certificate from it for 127.0.0.1 and `api.test`, one that has expired, one for another
    /// name, and one for a client.
    private static let script = """
        request() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "$@"; }
        sign() { openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial "$@"; }
        request -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.crt
        request -x509 -days 2 -subj /CN=authority -keyout stranger.key -out stranger.crt
        request -subj /CN=server -keyout server.key -out server.csr
        printf 'subjectAltName=IP:127.0.0.1,DNS:api.test\\n' > here.cnf
        printf 'subjectAltName=DNS:elsewhere.test\\n' > elsewhere.cnf
        sign -days 2 -in server.csr -extfile here.cnf -out good.crt
        sign -days -1 -in server.csr -extfile here.cnf -out expired.crt
        sign -days 2 -in server.csr -extfile elsewhere.cnf -out elsewhere.crt
        request -subj /CN=client -keyout client.key -out client.csr
        sign -days 2 -in client.csr -out client.crt
        openssl ec -in client.key -aes128 -passout pass:secret -out encrypted.key
        """

    init() async throws {
        folder = "/tmp/martlet-tls-\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        try FileSystem.makeFolder(folder)
        let path = getenv("PATH").map { String(cString: $0) } ?? StageEnvironment.defaultPath
        let command = Command("sh", ["-ec", Self.script], environment: ["PATH": path], workingDirectory: folder)
        let reply = try await command.capture()
        guard reply.exit.isSuccess else { throw Failure(words: "openssl: \(reply.errorText)\(reply.outputText)") }
    }

    deinit {
        for name in FileSystem.names(in: folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func pem(_ name: String) throws -> [UInt8] { try FileSystem.read(path(name), limit: 1 << 20).bytes }

    struct Failure: Error, CustomStringConvertible {
        var words: String
        var description: String { words }
    }
}

/// A program that serves until it is dropped.
final class ServingProgram: Sendable {
    let process: StageProcess
    let certificates: TestCertificates

    init(_ arguments: [String], certificates: TestCertificates, log: Command.Destination = .stream) async throws {
        let path = getenv("PATH").map { String(cString: $0) } ?? StageEnvironment.defaultPath
        self.certificates = certificates
        process = try await StageProcess.start(
            Command(
                arguments[0], Array(arguments.dropFirst()), environment: ["PATH": path + ":/usr/sbin"],
                workingDirectory: certificates.folder, standardOutput: log))
    }

    deinit {
        process.kill()
    }
}

/// `openssl s_server`, which answers every request with a page about the connection.
struct TLSServer: Sendable {
    let program: ServingProgram
    let port: UInt16

    init(_ certificates: TestCertificates, certificate: String, options: [String] = []) async throws {
        let arguments = [
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", "\(certificate).crt", "-key",
            "server.key",
        ]
        program = try await ServingProgram(arguments + options, certificates: certificates)
        var text = ""
        for await chunk in program.process.output {
            text += String(decoding: chunk.bytes, as: UTF8.self)
            // Whole, as its line end shows.
            if let line = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().first(where: {
                $0.hasPrefix("ACCEPT ")
            }), let port = line.split(separator: ":").last.flatMap({ UInt16($0) }) {
                self.port = port
                return
            }
        }
        throw TestCertificates.Failure(words: "openssl s_server: \(text)")
    }

    var url: String { "https://127.0.0.1:\(port)/" }
}
