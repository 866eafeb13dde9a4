import Document
import HTTPClient
import Testing

@testable import KubernetesAPI

private let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
private let key = "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n"

private func base64(_ text: String) -> String {
    String(decoding: Base64.encoded(Array(text.utf8)), as: UTF8.self)
}

/// A kubeconfig with one context, `c`.
private func kubeconfig(cluster: String, user: String = "{}", context: String = "") -> String {
    """
    apiVersion: v1
    kind: Config
    current-context: c
    clusters: [{name: k, cluster: \(cluster)}]
    users: [{name: u, user: \(user)}]
    contexts: [{name: c, context: {cluster: k, user: u\(context)}}]
    """
}

@Suite struct KubeconfigTests {
    private func read(_ text: String, files: [String: String] = [:]) throws -> (ClusterConfiguration, Folder) {
        let folder = try Folder()
        for (name, text) in files { try folder.write(name, text) }
        let path = try folder.write("config", text)
        return (try ClusterConfiguration.find(kubeconfig: path, environment: [:]), folder)
    }

    @Test func `a token, and a certificate authority as it is`() throws {
        let (configuration, folder) = try read(
            kubeconfig(
                cluster: "{server: 'https://host:6443/base/', certificate-authority-data: \(base64(certificate))}",
                user: "{token: abc}", context: ", namespace: team"))
        #expect(configuration.server == "https://host:6443/base")
        #expect(configuration.base == "https://host:6443/base")
        #expect(configuration.connectTo == nil)
        #expect(configuration.credentials == .token(Secret("abc")))
        #expect(configuration.tls == TLSSettings(trust: .only(.pem(Secret(certificate)))))
        #expect(configuration.namespace == "team")
        #expect(configuration.origin == "context \"c\" of \(folder.path)/config")
        #expect(configuration.proxy == .environment)
    }

    @Test func `files are relative to the kubeconfig, and a token's file counts above a token`() throws {
        let (configuration, folder) = try read(
            kubeconfig(
                cluster: "{server: 'https://[::1]', certificate-authority: ca.crt}",
                user: "{client-certificate: ./c.crt, client-key: c.key, token: abc, tokenFile: t}"),
            files: ["ca.crt": "comment\n" + certificate, "c.crt": certificate, "c.key": key])
        #expect(configuration.server == "https://[::1]:443")
        #expect(configuration.credentials == .tokenFile("\(folder.path)/t"))
        #expect(
            configuration.tls
                == TLSSettings(
                    trust: .only(.file("\(folder.path)/ca.crt")),
                    identity: .init(
                        certificate: .file("\(folder.path)/./c.crt"), key: .file("\(folder.path)/c.key"))))
        #expect(configuration.namespace == "default")
    }

    @Test func `data counts above files, and may be broken into lines`() throws {
        let data = "\"\(base64(certificate).prefix(20)) \(base64(certificate).dropFirst(20))\""
        let (configuration, _) = try read(
            kubeconfig(
                cluster:
                    "{server: 'https://h', certificate-authority: /nowhere, certificate-authority-data: \(data)}",
                user: "{client-certificate-data: \(base64(certificate)), client-key-data: \(base64(key))}"))
        #expect(configuration.tls.trust == .only(.pem(Secret(certificate))))
        #expect(
            configuration.tls.identity
                == .init(certificate: .pem(Secret(certificate)), key: .pem(Secret(key))))
    }

    @Test func `another name for the certificate, a proxy, a password, and no verification`() throws {
        let (named, _) = try read(
            kubeconfig(
                cluster: "{server: 'https://10.0.0.1:6443', tls-server-name: api.test, proxy-url: 'socks5://p:1080'}",
                user: "{username: me, password: hush}"))
        #expect(named.server == "https://10.0.0.1:6443")
        #expect(named.base == "https://api.test:6443")
        #expect(named.connectTo == "10.0.0.1:6443")
        #expect(named.authority == "10.0.0.1:6443")
        #expect(named.proxy == .url("socks5h://p:1080"))
        #expect(named.credentials == .password(user: "me", Secret("hush")))
        #expect(named.tls == TLSSettings())
        let (insecure, _) = try read(
            kubeconfig(cluster: "{server: 'https://h', insecure-skip-tls-verify: true}"))
        #expect(!insecure.tls.verifies)
        let (proxied, _) = try read(kubeconfig(cluster: "{server: 'https://h', proxy-url: 'http://p:3128'}"))
        #expect(proxied.proxy == .url("http://p:3128"))
    }

    @Test func `what only comes to nothing is as good as not there`() throws {
        let (configuration, _) = try read(
            kubeconfig(
                cluster: "{server: 'http://127.0.0.1:8001', certificate-authority: '', extensions: [{name: x}]}",
                user: "{token: '', exec: null, client-certificate-data: ''}"))
        #expect(configuration.credentials == .none && configuration.tls == TLSSettings())
        #expect(configuration.server == "http://127.0.0.1:8001")
    }

    @Test func `several files are put together, and the first counts`() throws {
        let folder = try Folder()
        let first = try folder.write(
            "first",
            """
            current-context: ''
            clusters: [{name: k, cluster: {server: 'https://first'}}]
            contexts: [{name: one, context: {cluster: k, user: u}}]
            """)
        let second = try folder.write(
            "second",
            """
            current-context: two
            clusters: [{name: k, cluster: {server: 'https://second'}}, {name: l, cluster: {server: 'https://l'}}]
            users: [{name: u, user: {token: t}}]
            contexts:
            - {name: one, context: {cluster: l}}
            - {name: two, context: {cluster: l, user: u, namespace: team}}
            """)
        let environment = ["KUBECONFIG": "/nowhere/at/all::\(first):\(second)", "KUBERNETES_SERVICE_HOST": "ignored"]
        let current = try ClusterConfiguration.find(environment: environment)
        #expect(current.server == "https://l:443" && current.namespace == "team")
        #expect(current.origin == "context \"two\" of \(second)")
        let chosen = try ClusterConfiguration.find(context: "one", environment: environment)
        #expect(chosen.server == "https://first:443" && chosen.credentials == .token(Secret("t")))
    }

    struct Bad: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var text: String
        /// After the file's name.
        var expect: String

        init(_ description: String, _ text: String, _ expect: String) {
            testDescription = description
            self.text = text
            self.expect = expect
        }
    }

    private static let bad = [
        Bad("no YAML", "a: [", ":2:1: error: "),
        Bad("a list", "- a", ":1:1: error: a kubeconfig is one object"),
        Bad("a manifest", "kind: Pod", ":1:7: error: this is no kubeconfig, whose kind is Config"),
        Bad("nothing", "", ": error: no context is current; there is none"),
        Bad(
            "no current context", "contexts: [{name: b}, {name: a}]",
            ": error: no context is current; there are: a, b"),
        Bad(
            "a context that isn't there", "current-context: x\ncontexts: [{name: a}]",
            ":1:18: error: there is no context \"x\"; there are: a"),
        Bad(
            "a context without a cluster", "current-context: x\ncontexts: [{name: x}]",
            ":2:12: error: context \"x\" names no cluster"),
        Bad(
            "a cluster that isn't there", "current-context: x\ncontexts: [{name: x, context: {cluster: k}}]",
            ":2:41: error: there is no cluster \"k\""),
        Bad(
            "a user that isn't there",
            "current-context: x\nclusters: [{name: k}]\ncontexts: [{name: x, context: {cluster: k, user: u}}]",
            ":3:50: error: there is no user \"u\""),
        Bad("entries that are no list", "clusters: {}", ":1:11: error: clusters has to be a list"),
        Bad("an entry without a name", "users: [{user: {}}]", ":1:9: error: each user needs a name, which is a text"),
        Bad("a name that is a number", "users: [{name: 1}]", ":1:16: error: each user needs a name, which is a text"),
        Bad(
            "an entry twice", "users: [{name: u}, {name: u}]",
            ":1:20: error: there is another user \"u\" in this file"),
        Bad("an entry that is a text", "users: [{name: u, user: u}]", ":1:25: error: user has to be an object"),
        Bad(
            "no server", kubeconfig(cluster: "{}"),
            ":4:31: error: cluster \"k\" has no server: add server: https://HOST:PORT"),
        Bad(
            "a server without a protocol", kubeconfig(cluster: "{server: 'host:6443'}"),
            ":4:40: error: this is no address of a server: write https://HOST:PORT"),
        Bad(
            "a port that is none", kubeconfig(cluster: "{server: 'https://h:99999'}"),
            ":4:40: error: the server's address has no valid port: ports go from 1 to 65535, and an IPv6 address needs "
                + "brackets"),
        Bad(
            "an IPv6 address without brackets", kubeconfig(cluster: "{server: 'https://fe80::1'}"),
            ":4:40: error: the server's address has no valid port"),
        Bad("no host", kubeconfig(cluster: "{server: 'https://:1'}"), ":4:40: error: the server's address has no host"),
        Bad(
            "a user in the address", kubeconfig(cluster: "{server: 'https://me:hush@h'}"),
            ":4:40: error: no user belongs into the server's address"),
        Bad(
            "a token that is a number", kubeconfig(cluster: "{server: 'https://h'}", user: "{token: 12345}"),
            ":5:33: error: token has to be a text: put it in quotes"),
        Bad(
            "a token with a line break", kubeconfig(cluster: "{server: 'https://h'}", user: "{token: \"hu\\nsh\"}"),
            ":5:33: error: this is no token: it holds blanks or control characters"),
        Bad(
            "an authority that is no base64",
            kubeconfig(cluster: "{server: 'https://h', certificate-authority-data: '!'}"),
            ":4:81: error: certificate-authority-data is not base64: base64 -w0 FILE makes it of a PEM file"),
        Bad(
            "an authority that is a key",
            kubeconfig(cluster: "{server: 'https://h', certificate-authority-data: \(base64(key))}"),
            ":4:81: error: certificate-authority-data holds no CERTIFICATE in PEM form"),
        Bad(
            "an authority whose file isn't there",
            kubeconfig(cluster: "{server: 'https://h', certificate-authority: /nowhere/ca.crt}"),
            ":4:76: error: /nowhere/ca.crt can't be used: there is no such file"),
        Bad(
            "an authority, and no verification",
            kubeconfig(
                cluster: "{server: 'https://h', insecure-skip-tls-verify: true, certificate-authority-data: "
                    + "\(base64(certificate))}"),
            ":4:79: error: there is a certificate authority to verify the server with as well: remove one of the two"),
        Bad(
            "a flag that is none", kubeconfig(cluster: "{server: 'https://h', insecure-skip-tls-verify: perhaps}"),
            ":4:79: error: insecure-skip-tls-verify has to be true or false"),
        Bad(
            "a certificate without its key",
            kubeconfig(cluster: "{server: 'https://h'}", user: "{client-certificate-data: \(base64(certificate))}"),
            ":5:25: error: user \"u\" has a client certificate without its key"),
        Bad(
            "a key without its certificate",
            kubeconfig(cluster: "{server: 'https://h'}", user: "{client-key-data: \(base64(key))}"),
            ":5:25: error: user \"u\" has a client key without its certificate"),
        Bad(
            "a program for credentials",
            kubeconfig(cluster: "{server: 'https://h'}", user: "{exec: {command: aws}}"),
            ":5:32: error: user \"u\" gets credentials from a program (exec), which Martlet doesn't run: use a token "
                + "instead"),
        Bad(
            "a provider of credentials",
            kubeconfig(cluster: "{server: 'https://h'}", user: "{auth-provider: {name: gcp}}"),
            ":5:41: error: user \"u\" gets credentials from a program (auth-provider), which Martlet doesn't run"),
        Bad(
            "somebody else's name", kubeconfig(cluster: "{server: 'https://h'}", user: "{as: admin}"),
            ":5:30: error: acting as somebody else (as) is not supported: use that user's own credentials"),
        Bad(
            "a token and a password",
            kubeconfig(cluster: "{server: 'https://h'}", user: "{token: t, username: me, password: hush}"),
            ":5:46: error: user \"u\" has a token and a password: remove one of the two"),
        Bad(
            "a token without TLS", kubeconfig(cluster: "{server: 'http://h'}", user: "{token: t}"),
            ":4:40: error: without TLS, whoever is on the way could read the credentials: write https://"),
        Bad(
            "a proxy of an unknown kind", kubeconfig(cluster: "{server: 'https://h', proxy-url: 'ftp://p'}"),
            ":4:64: error: a proxy begins with http://, https:// or socks5://"),
        Bad(
            "a name that is an address",
            kubeconfig(cluster: "{server: 'https://h', tls-server-name: 'https://x'}"),
            ":4:70: error: this is no name of a server"),
    ]

    @Test(arguments: bad) func `a mistake is said with its place, and no secret`(_ example: Bad) throws {
        let folder = try Folder()
        let path = try folder.write("config", example.text)
        let error = try #require(throws: ConfigurationError.self) {
            try ClusterConfiguration.find(kubeconfig: path, environment: [:])
        }
        #expect(error.description.hasPrefix(path + example.expect), "\(error)")
        #expect(!error.description.contains("hush"))
    }

    @Test func `secrets show neither printed nor dumped`() throws {
        let (configuration, _) = try read(
            kubeconfig(
                cluster: "{server: 'https://h'}",
                user: "{token: hush, client-certificate-data: \(base64(certificate)), client-key-data: \(base64(key))}")
        )
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("hush") && !text.contains("PRIVATE"))
        }
    }
}
