/// The environment of a stage's programs, built from nothing.
package enum StageEnvironment {
    /// What a stage gets of the agent's own environment if it is set there: where tools are installed, how the network
    /// is reached, and which certificates count. Nothing that can hold a credential of the agent's.
    package static let inherited = [
        "PATH", "TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE",
        "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "JAVA_HOME", "GOROOT", "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN", "NVM_DIR", "PYENV_ROOT", "DOCKER_HOST", "BUILDAH_ISOLATION", "STORAGE_DRIVER",
    ]

    package static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// - Parameters:
    ///   - agent: The agent's environment, of which only `inherited` is taken.
    ///   - attempt: The folders of this attempt.
    ///   - cache: The stage's cache folder, where tools are pointed to keep what they download.
    ///   - variables: What the stage is given on top (`env`, secrets, `MARTLET_…`). It wins.
    package static func make(
        agent: [String: String], attempt: Workspace, cache: String?, variables: [String: String]
    ) -> [String: String] {
        var result: [String: String] = [:]
        for name in inherited { result[name] = agent[name] }
        if result["PATH"] == nil { result["PATH"] = defaultPath }
        result["HOME"] = attempt.home
        result["TMPDIR"] = attempt.temporary
        result["LANG"] = "C.UTF-8"
        result["LC_ALL"] = "C.UTF-8"
        result["TERM"] = "dumb"
        result["CI"] = "true"
        result["PWD"] = attempt.checkout
        result["MARTLET"] = "true"
        result["MARTLET_WORKSPACE"] = attempt.checkout
        result["MARTLET_RESULTS"] = attempt.results
        // With the fresh HOME rustup would not find the toolchains that its `cargo` stands for.
        if result["RUSTUP_HOME"] == nil, let home = agent["HOME"], FileSystem.isFolder("\(home)/.rustup") {
            result["RUSTUP_HOME"] = "\(home)/.rustup"
        }
        if let cache {
            result["MARTLET_CACHE"] = cache
            result["XDG_CACHE_HOME"] = "\(cache)/xdg"
            result["PIP_CACHE_DIR"] = "\(cache)/pip"
            result["npm_config_cache"] = "\(cache)/npm"
            result["CARGO_HOME"] = "\(cache)/cargo"
            result["GOMODCACHE"] = "\(cache)/go/mod"
        }
        result.merge(variables) { _, given in given }
        return result
    }
}
