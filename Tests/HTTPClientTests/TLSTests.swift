import HTTPClient
import HTTPTestSupport
import Testing

/// Whom the client trusts, against OpenSSL's own server.
@Suite struct TLSTests {
    private func status(_ tls: TLSSettings, _ url: String, connectTo: String? = nil) async throws -> Result<
        Int, HTTPError
    > {
        try await withClient(HTTPClientSettings(tls: tls, proxy: .none, connectTo: connectTo)) { client in
            do throws(HTTPError) {
                return .success(try await client.send(HTTPRequest("GET", url)).status)
            } catch {
                return .failure(error)
            }
        }
    }

    private func kind(_ result: Result<Int, HTTPError>) -> HTTPError.Kind? {
        if case .failure(let error) = result { error.kind } else { nil }
    }

    @Test func `a server is trusted for its authority's sake, from a file or as it is, and refused without`()
        async throws
    {
        let certificates = try await TestCertificates()
        let server = try await TLSServer(certificates, certificate: "good")
        let file = TLSSettings.Source.file(certificates.path("ca.crt"))
        let pem = TLSSettings.Source.pem(Secret(try certificates.pem("ca.crt")))
        #expect(try await status(TLSSettings(trust: .only(file)), server.url) == .success(200))
        #expect(try await status(TLSSettings(trust: .only(pem)), server.url) == .success(200))

        let unknown = try await status(TLSSettings(), server.url)
        #expect(kind(unknown) == .untrusted, "the system's authorities don't know it")
        if case .failure(let error) = unknown { #expect(error.nothingSent && !error.isRetriable) }
        // Another one of the same name.
        let stranger = TLSSettings.Trust.only(.file(certificates.path("stranger.crt")))
        #expect(kind(try await status(TLSSettings(trust: stranger), server.url)) == .untrusted)
        // Asked for, anything goes.
        #expect(try await status(TLSSettings(verifies: false), server.url) == .success(200))
    }

    @Test func `a certificate for another name is refused, and taken where that name is meant`() async throws {
        let certificates = try await TestCertificates()
        let tls = TLSSettings(trust: .only(.file(certificates.path("ca.crt"))))
        let elsewhere = try await TLSServer(certificates, certificate: "elsewhere")
        #expect(kind(try await status(tls, elsewhere.url)) == .untrusted)
        let address = "127.0.0.1:\(elsewhere.port)"
        #expect(try await status(tls, "https://elsewhere.test:1/", connectTo: address) == .success(200))
        #expect(kind(try await status(tls, "https://api.test:1/", connectTo: address)) == .untrusted)
        var insecure = tls
        insecure.verifies = false
        #expect(try await status(insecure, elsewhere.url) == .success(200))
    }

    @Test func `a certificate whose time is over is refused`() async throws {
        let certificates = try await TestCertificates()
        let tls = TLSSettings(trust: .only(.file(certificates.path("ca.crt"))))
        let server = try await TLSServer(certificates, certificate: "expired")
        let result = try await status(tls, server.url)
        #expect(kind(result) == .untrusted)
        if case .failure(let error) = result { #expect(error.reason.contains("expired")) }
    }

    @Test func `TLS below 1.2 is not spoken`() async throws {
        let certificates = try await TestCertificates()
        let tls = TLSSettings(trust: .only(.file(certificates.path("ca.crt"))))
        let old = try await TLSServer(
            certificates, certificate: "good", options: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
        #expect(kind(try await status(tls, old.url)) == .cannotConnect)
        let new = try await TLSServer(certificates, certificate: "good", options: ["-tls1_2"])
        #expect(try await status(tls, new.url) == .success(200))
    }

    @Test func `a server that wants to know the client gets its certificate`() async throws {
        let certificates = try await TestCertificates()
        let server = try await TLSServer(
            certificates, certificate: "good",
            options: ["-tls1_2", "-Verify", "1", "-verify_return_error", "-CAfile", "ca.crt"])
        var tls = TLSSettings(trust: .only(.file(certificates.path("ca.crt"))))
        #expect(kind(try await status(tls, server.url)) == .cannotConnect, "without one")
        tls.identity = TLSSettings.Identity(
            certificate: .file(certificates.path("client.crt")), key: .file(certificates.path("client.key")))
        #expect(try await status(tls, server.url) == .success(200), "from files")
        tls.identity = TLSSettings.Identity(
            certificate: .pem(Secret(try certificates.pem("client.crt"))),
            key: .pem(Secret(try certificates.pem("client.key"))))
        #expect(try await status(tls, server.url) == .success(200), "as it is")
    }

    @Test func `certificates and keys that can't be used are said to be so`() async throws {
        let certificates = try await TestCertificates()
        let server = try await TLSServer(certificates, certificate: "good")
        let good = TLSSettings.Trust.only(.file(certificates.path("ca.crt")))
        let client = TLSSettings.Source.file(certificates.path("client.crt"))
        let cases: [(String, TLSSettings)] = [
            ("no such file", TLSSettings(trust: .only(.file("/nowhere/ca.crt")))),
            ("no PEM", TLSSettings(trust: .only(.pem(Secret("nonsense"))))),
            (
                "another's key",
                TLSSettings(
                    trust: good,
                    identity: .init(certificate: client, key: .file(certificates.path("server.key"))))
            ),
            (
                "an encrypted key, for which nobody is asked at the terminal",
                TLSSettings(
                    trust: good,
                    identity: .init(certificate: client, key: .file(certificates.path("encrypted.key"))))
            ),
        ]
        for (name, tls) in cases {
            let result = try await status(tls, server.url)
            #expect(kind(result) == .unusable, "\(name): \(result)")
        }
    }
}
