/// Runs git so that nothing of this machine's or user's settings, and no prompt, has a say in what it does.
struct GitCommand: Sendable {
    /// Holds the settings and the program that answers git's questions.
    let folder: String
    let environment: [String: String]
    let allowed: Set<GitURL.Transport>
    let timeout: Duration

    private var settings: String { "\(folder)/gitconfig" }
    private var askpass: String { "\(folder)/askpass" }

    /// Writes the two files, neither of which holds a secret.
    func prepare() throws(SystemError) {
        try FileSystem.makeFolder(folder)
        // A file, not `-c`: git doesn't hand those on to the upload-pack of a local repository.
        // The low-speed pair ends a transfer that has been under 1 kB/s for a minute.
        try FileSystem.write(
            Array(
                """
                [safe]
                \tdirectory = *
                [core]
                \thooksPath = /dev/null
                \tfsmonitor = false
                \tautocrlf = false
                [gc]
                \tauto = 0
                [maintenance]
                \tauto = false
                [submodule]
                \trecurse = false
                [fetch]
                \trecurseSubmodules = false
                [init]
                \tdefaultBranch = main
                [advice]
                \tdetachedHead = false
                [protocol]
                \tversion = 2
                [http]
                \tlowSpeedLimit = 1000
                \tlowSpeedTime = 60

                """.utf8), to: settings)
        // Only the host that the credentials are for gets them: a redirect must not carry them elsewhere.
        try FileSystem.write(
            Array(
                """
                #!/bin/sh
                case "$1" in
                *"://$MARTLET_GIT_HOST'"* | *"@$MARTLET_GIT_HOST'"*) ;;
                *) exit 1 ;;
                esac
                case "$1" in
                Username*) printf '%s\\n' "$MARTLET_GIT_USERNAME" ;;
                *) printf '%s\\n' "$MARTLET_GIT_PASSWORD" ;;
                esac

                """.utf8), to: askpass, mode: 0o700)
    }

    func run(
        _ arguments: [String], in directory: String, for url: GitURL, credentials: GitCredentials? = nil,
        limit: Int = 1 << 20
    ) async throws(GitError) -> CapturedOutput {
        var variables = [
            "PATH": environment["PATH"] ?? StageEnvironment.defaultPath,
            "HOME": folder,
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": settings,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_ALLOW_PROTOCOL": allowed.map(\.rawValue).sorted().joined(separator: ":"),
            "GIT_SSH_COMMAND": environment["GIT_SSH_COMMAND"] ?? "ssh -oBatchMode=yes -oConnectTimeout=30",
        ]
        for name in StageEnvironment.inherited + ["SSH_AUTH_SOCK"] where variables[name] == nil {
            variables[name] = environment[name]
        }
        if let credentials = credentials ?? url.password {
            variables["GIT_ASKPASS"] = askpass
            variables["MARTLET_GIT_HOST"] = url.host
            variables["MARTLET_GIT_USERNAME"] = credentials.username
            variables["MARTLET_GIT_PASSWORD"] = credentials.password
        }
        let command = Command(
            "git", arguments, environment: variables, workingDirectory: directory, timeout: timeout,
            grace: .seconds(2))
        do {
            return try await command.capture(limit: limit)
        } catch {
            throw GitError(error)
        }
    }
}
