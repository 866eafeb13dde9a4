internal import AgentProtocol
internal import ArgumentParser
internal import Glibc
internal import Model

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes and shows the keys by which agents know their controller.",
        discussion: """
            The controller signs what it tells agents with the private key (--signing-key); agents that have the public \
            one (--verify-key) obey nothing else. docs/security.md says how keys are changed.
            """,
        subcommands: [Generate.self, Show.self])

    struct Generate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a pair of Ed25519 keys, in files that OpenSSL understands.",
            discussion: """
                Files that are there already are left alone.

                Examples:
                  martlet keys generate
                  martlet keys generate --private /etc/martlet/signing.pem --public /etc/martlet/verify.pem
                """)

        @Option(
            name: .customLong("private"),
            help: ArgumentHelp("The private key's file, which only its owner can read.", valueName: "FILE"),
            completion: .file())
        var privatePath = "martlet-signing.pem"

        @Option(
            name: .customLong("public"), help: ArgumentHelp("The public key's file.", valueName: "FILE"),
            completion: .file())
        var publicPath = "martlet-verify.pem"

        func run() throws {
            hideMemory()
            let key = SigningKey()
            let (privateFile, publicFile) = (KeyFile(path: privatePath), KeyFile(path: publicPath))
            try privateFile.create(key.pem, mode: 0o600)
            do {
                try publicFile.create(key.publicKey.pem, mode: 0o644)
            } catch {
                // Half a pair is of no use, and would be in the way of the next try.
                unlink(privatePath)
                throw error
            }
            Console.standard.write(
                """
                key id   \(key.publicKey.id)
                private  \(privatePath.shown(4096))   for the controller: --signing-key
                public   \(publicPath.shown(4096))   for agents: --verify-key

                """)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a key's id, and the public key in PEM form.",
            discussion: """
                Of a private key nothing is printed but its public half.

                Example:
                  martlet keys show martlet-signing.pem > martlet-verify.pem
                """)

        @Argument(
            help: ArgumentHelp("A private key, or one or more public ones.", valueName: "FILE"), completion: .file())
        var path: String

        func run() throws {
            hideMemory()
            for key in try KeyFile(path: path).publicHalves() {
                // The form in which comments stand in PEM files: whoever reads keys skips it.
                Console.standard.write("# key id \(key.id)\n\(key.pem)")
            }
        }
    }
}
