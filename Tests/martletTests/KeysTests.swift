import AgentProtocol
import ArgumentParser
import Execution
import Glibc
import Testing

@testable import martlet

private enum OpenSSL {
    static let path = ExecutableSearch(path: "/usr/local/bin:/usr/bin:/bin").find("openssl")
}

@Suite struct KeysTests {
    /// A folder of the test's own.
    private final class Folder: Sendable {
        let path: String

        init() throws {
            var template = Array("/tmp/martlet-keys-XXXXXX".utf8CString)
            // mkdtemp writes the name into the buffer that it is given.
            path = String(cString: try #require(mkdtemp(&template)))
        }

        deinit {
            for name in ["a.pem", "b.pem", "c.pem", "content", "signature"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }

        subscript(name: String) -> String { "\(path)/\(name)" }
    }

    private func generate(in folder: Folder) throws {
        try KeysCommand.Generate.parse(["--private", folder["a.pem"], "--public", folder["b.pem"]]).run()
    }

    private func mode(of path: String) throws -> mode_t {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_mode & 0o777
    }

    @Test func aPairIsMadeThatFitsTogether() throws {
        let folder = try Folder()
        try generate(in: folder)
        let key = try KeyFile(path: folder["a.pem"]).signingKey { Issue.record("\($0)") }
        #expect(try KeyFile(path: folder["b.pem"]).verifyingKeys { Issue.record("\($0)") } == [key.publicKey])
        #expect(try mode(of: folder["a.pem"]) == 0o600)
        #expect(try mode(of: folder["b.pem"]) == 0o644)
        for name in ["a.pem", "b.pem"] {
            #expect(try KeyFile(path: folder[name]).publicHalves() == [key.publicKey])
        }
    }

    @Test func nothingIsOverwritten() throws {
        let folder = try Folder()
        try generate(in: folder)
        let key = try KeyFile(path: folder["a.pem"]).publicHalves()
        let taken = "is there already, and keys are never overwritten; name another file or move it away"
        #expect(throws: CommandFailure("\(folder["a.pem"]): \(taken)", code: CommandFailure.badInput)) {
            try generate(in: folder)
        }
        #expect(throws: CommandFailure("\(folder["b.pem"]): \(taken)", code: CommandFailure.badInput)) {
            try KeysCommand.Generate.parse(["--private", folder["c.pem"], "--public", folder["b.pem"]]).run()
        }
        #expect(access(folder["c.pem"], F_OK) != 0, "no half of a pair is left")
        #expect(try KeyFile(path: folder["a.pem"]).publicHalves() == key)
    }

    @Test(
        arguments: [
            (0o600, nil, false), (0o400, nil, false), (0o640, nil, true), (0o440, nil, true),
            (0o644, "can be read or changed by others (its mode is 644)", false),
            (0o660, "can be read or changed by others (its mode is 660)", false),
            (0o602, "can be read or changed by others (its mode is 602)", false),
        ] as [(mode_t, String?, Bool)])
    func aPrivateKeyMustBePrivate(_ mode: mode_t, _ refusal: String?, _ isWarnedOf: Bool) throws {
        let folder = try Folder()
        try generate(in: folder)
        chmod(folder["a.pem"], mode)
        var warnings: [String] = []
        do {
            _ = try KeyFile(path: folder["a.pem"]).signingKey { warnings.append($0) }
            #expect(refusal == nil)
        } catch let failure as CommandFailure {
            let expected = try #require(refusal)
            #expect(failure.lines.first?.contains(expected) == true, "\(failure)")
            #expect(failure.lines.first?.contains("chmod 600 \(folder["a.pem"])") == true)
        }
        #expect(warnings.isEmpty == !isWarnedOf)
    }

    @Test func aPublicKeyMustNotBeAnybodysToChange() throws {
        let folder = try Folder()
        try generate(in: folder)
        chmod(folder["b.pem"], 0o666)
        #expect(throws: CommandFailure.self) { try KeyFile(path: folder["b.pem"]).verifyingKeys { _ in } }
        var warnings = 0
        chmod(folder["b.pem"], 0o664)
        _ = try KeyFile(path: folder["b.pem"]).verifyingKeys { _ in warnings += 1 }
        #expect(warnings == 1)
    }

    @Test func aWrongFileIsNamed() throws {
        let folder = try Folder()
        try generate(in: folder)
        func message(_ body: () throws -> Void) -> String? {
            do {
                try body()
                return nil
            } catch {
                return (error as? CommandFailure)?.lines.first
            }
        }
        let swapped = message { _ = try KeyFile(path: folder["b.pem"]).signingKey { _ in } }
        #expect(swapped == "\(folder["b.pem"]): holds a public key, but signing needs the private one of the pair")
        let leaked = message { _ = try KeyFile(path: folder["a.pem"]).verifyingKeys { _ in } }
        #expect(leaked?.hasPrefix("\(folder["a.pem"]): holds a private key, but here belongs the public one") == true)
        #expect(
            message { _ = try KeyFile(path: folder["c.pem"]).publicHalves() }
                == "\(folder["c.pem"]): can't be read: No such file or directory")
        #expect(message { _ = try KeyFile(path: folder.path).publicHalves() } == "\(folder.path): is no regular file")
    }

    private func openssl(_ arguments: String...) async throws -> CapturedOutput {
        try await Command(try #require(OpenSSL.path), arguments, environment: [:], workingDirectory: "/tmp").capture()
    }

    @Test(.enabled(if: OpenSSL.path != nil)) func openSSLReadsOurKeysAndAgreesOnASignature() async throws {
        let folder = try Folder()
        try generate(in: folder)
        let shown = try await openssl("pkey", "-in", folder["a.pem"], "-pubout")
        #expect(shown.exit.isSuccess, "\(shown.errorText)")
        #expect(try VerifyingKey.all(pem: shown.outputText) == KeyFile(path: folder["b.pem"]).publicHalves())
        let text = try await openssl("pkey", "-pubin", "-in", folder["b.pem"], "-noout", "-text")
        #expect(text.outputText.hasPrefix("ED25519 Public-Key:"), "\(text.errorText)")

        let content = SignedContent(
            type: Array("t".utf8), id: [1], source: [2], installation: [3], time: [4], value: Array("{}".utf8))
        let key = try KeyFile(path: folder["a.pem"]).signingKey { _ in }
        let signature = try #require(MessageSigner(key).sign(content))
        try write(content.bytes, to: folder["content"])
        try write(signature.bytes, to: folder["signature"])
        let checked = try await openssl(
            "pkeyutl", "-verify", "-pubin", "-inkey", folder["b.pem"], "-rawin", "-in", folder["content"], "-sigfile",
            folder["signature"])
        #expect(checked.exit.isSuccess, "\(checked.outputText)\(checked.errorText)")
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
    }
}
