internal import Glibc

/// One bare copy of each repository that this agent has seen, from which workspaces are made.
///
/// A commit that is there is never fetched again. A copy that turns out to be damaged is deleted and made anew.
package actor GitMirrors {
    private nonisolated let folder: String
    private nonisolated let git: GitCommand
    private nonisolated let limitBytes: Int64
    private nonisolated let allowed: Set<GitURL.Transport>
    /// Commits seen in a mirror, so that a second stage of the same commit need not ask.
    private var known: Set<String> = []
    private var isPrepared = false

    /// - Parameters:
    ///   - folder: In the agent's state folder.
    ///   - environment: The agent's own, of which git gets PATH, proxies and certificates.
    ///   - allowed: How repositories may be reached.
    ///   - limitBytes: What all mirrors together may take; see `prune`.
    package init(
        folder: String, environment: [String: String], allowed: Set<GitURL.Transport> = [.https, .ssh, .git, .http],
        limitBytes: Int64 = 20 << 30, timeout: Duration = .seconds(900)
    ) {
        self.folder = folder
        self.limitBytes = limitBytes
        self.allowed = allowed
        git = GitCommand(folder: folder, environment: environment, allowed: allowed.union([.file]), timeout: timeout)
    }

    /// The repositories of which there is a mirror, normalised, in the order of their names.
    package nonisolated func cachedRepositories() -> [String] {
        FileSystem.names(in: mirrors).compactMap { name in
            let bytes = (try? FileSystem.read("\(mirrors)/\(name)/martlet-url", limit: 4096))?.bytes
            return bytes.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private nonisolated var mirrors: String { "\(folder)/mirrors" }
    private nonisolated var locks: String { "\(folder)/locks" }

    private func prepare() throws(GitError) {
        guard !isPrepared else { return }
        do {
            try git.prepare()
            try FileSystem.makeFolder(mirrors)
            try FileSystem.makeFolder(locks)
        } catch {
            throw GitError(error)
        }
        isPrepared = true
    }

    // MARK: Resolving

    /// The commit that a whole commit id stands for, without a look whether it exists; nil for any other ref, and for an
    /// address that `resolve` would refuse.
    package nonisolated func commit(_ ref: String?, of address: String) -> String? {
        guard case .commit(let commit)? = try? GitRevision(ref), (try? GitURL(address, allowing: allowed)) != nil
        else { return nil }
        return commit
    }

    /// The commit that a branch, a tag or a ref stands for now; of `HEAD` without one. Doesn't need a mirror.
    ///
    /// A branch comes before a tag of the same name, as in `git clone --branch`. A whole commit id is returned as it is,
    /// without a look whether it exists.
    package func resolve(
        _ address: String, ref: String?, credentials: GitCredentials? = nil
    ) async throws(GitError) -> Resolved {
        let url = try GitURL(address, allowing: allowed)
        let revision = try GitRevision(ref)
        try prepare()
        let wanted: [String]
        switch revision {
        case .commit(let commit): return Resolved(commit: commit)
        case .ref(let name): wanted = [name]
        case .name(let name): wanted = ["refs/heads/\(name)", "refs/tags/\(name)"]
        }
        let patterns = wanted.flatMap { [$0, "\($0)^{}"] }
        let result = try await git.run(
            ["ls-remote", "--end-of-options", url.text] + patterns, in: folder, for: url, credentials: credentials)
        guard result.exit.isSuccess else { throw GitError.reading(result, url: url) }
        var found: [Substring: Substring] = [:]
        for line in result.outputText.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 1)
            if parts.count == 2 { found[parts[1]] = parts[0] }
        }
        for name in wanted {
            // Of an annotated tag the commit it names counts, not the tag's own object.
            guard let commit = found["\(name)^{}"] ?? found[Substring(name)] else { continue }
            return Resolved(commit: String(commit), ref: name == "HEAD" ? nil : name)
        }
        let shown = ref ?? "HEAD"
        guard revision.looksAbbreviated else { throw .missingRevision(url: url.text, revision: shown) }
        guard url.transport == .file else { throw .abbreviated(url: url.text, revision: shown) }
        let local = try await git.run(
            ["rev-parse", "--verify", "--quiet", "--end-of-options", "\(shown)^{commit}"], in: url.path, for: url)
        let commit = local.outputText.filter { !$0.isNewline }
        guard local.exit.isSuccess, commit.utf8.count >= 40 else {
            throw .missingRevision(url: url.text, revision: shown)
        }
        return Resolved(commit: commit)
    }

    /// What a name turned out to be.
    package struct Resolved: Equatable, Sendable {
        package var commit: String
        /// In full (`refs/heads/main`), where it is a branch, a tag or another ref.
        package var ref: String?
    }

    // MARK: Checking out

    /// Makes a folder that holds the repository at exactly that commit (detached), with its whole history.
    ///
    /// - Parameters:
    ///   - commit: A whole commit id.
    ///   - ref: Where the commit can be found if it is on no branch and under no tag: `refs/pull/7/head`.
    ///   - destination: A folder that doesn't exist yet.
    /// - Returns: Whether something had to be fetched.
    @discardableResult
    package func checkOut(
        _ address: String, commit: String, ref: String? = nil, into destination: String,
        credentials: GitCredentials? = nil
    ) async throws(GitError) -> Bool {
        let url = try GitURL(address, allowing: allowed)
        guard case .commit(let commit) = try GitRevision(commit) else {
            throw .invalidRevision(revision: commit, reason: "a whole commit id is needed")
        }
        let hint: String? = if case .ref(let name) = try GitRevision(ref), name != "HEAD" { name } else { nil }
        try prepare()
        let mirror: String
        let lock: String
        do {
            let name = try FolderName.of((url.transport == .file ? "file" : "") + url.normalised)
            (mirror, lock) = ("\(mirrors)/\(name)", "\(locks)/\(name)")
        } catch {
            throw GitError(error)
        }
        var isSecondTry = false
        while true {
            do {
                let hasFetched = try await fetchIfMissing(
                    url, commit: commit, hint: hint, mirror: mirror, lock: lock, credentials: credentials)
                try await clone(url, commit: commit, mirror: mirror, lock: lock, into: destination)
                return hasFetched
            } catch .failed where !isSecondTry && !Task.isCancelled {
                // Nothing that the network, the credentials or the revision explain: the mirror is damaged.
                isSecondTry = true
                forget(mirror)
                try await withLock(.change, lock) { () throws(GitError) in
                    try? await FileTree.remove(mirror)
                    try? await FileTree.remove(destination)
                }
            }
        }
    }

    private func forget(_ mirror: String) {
        known = known.filter { !$0.hasPrefix("\(mirror)@") }
    }

    private func remember(_ commit: String, in mirror: String) {
        if known.count >= 4096 { known.removeAll() }
        known.insert("\(mirror)@\(commit)")
    }

    private func withLock<Result: Sendable>(
        _ kind: FolderLock.Kind, _ file: String, _ body: () async throws(GitError) -> Result
    ) async throws(GitError) -> Result {
        let lock: FolderLock
        do {
            lock = try await FolderLock.acquire(kind, file: file)
        } catch {
            throw (error as? SystemError).map { GitError($0) } ?? .environment("cancelled while waiting for \(file)")
        }
        let result = try await body()
        _ = consume lock
        return result
    }

    private func has(_ commit: String, mirror: String, url: GitURL) async throws(GitError) -> Bool {
        if known.contains("\(mirror)@\(commit)") && FileSystem.exists("\(mirror)/HEAD") { return true }
        guard FileSystem.exists("\(mirror)/martlet-url") else { return false }
        let result = try await git.run(["cat-file", "-e", "\(commit)^{commit}"], in: mirror, for: url)
        if result.exit.isSuccess { remember(commit, in: mirror) }
        return result.exit.isSuccess
    }

    private func fetchIfMissing(
        _ url: GitURL, commit: String, hint: String?, mirror: String, lock: String, credentials: GitCredentials?
    ) async throws(GitError) -> Bool {
        if try await has(commit, mirror: mirror, url: url) { return false }
        return try await withLock(.change, lock) { () throws(GitError) in
            // Another slot may have fetched it while this one waited.
            if try await has(commit, mirror: mirror, url: url) { return false }
            try await create(mirror, url: url)
            var refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
            if let hint, !hint.hasPrefix("refs/heads/"), !hint.hasPrefix("refs/tags/") {
                refs.append("+\(hint):\(hint)")
            }
            var result = try await fetch(url, refs, mirror: mirror, credentials: credentials)
            if !result.exit.isSuccess && refs.count > 2 && result.errorText.contains("couldn't find remote ref") {
                // The pull request is gone; its commit may be there all the same.
                result = try await fetch(url, Array(refs.prefix(2)), mirror: mirror, credentials: credentials)
            }
            guard result.exit.isSuccess else { throw GitError.reading(result, url: url) }
            if try await has(commit, mirror: mirror, url: url) { return true }
            // On no branch and under no tag; servers that allow it give any commit.
            let direct = try await fetch(
                url, ["\(commit):refs/martlet/\(commit)"], mirror: mirror, credentials: credentials)
            if try await has(commit, mirror: mirror, url: url) { return true }
            let error = GitError.reading(direct, url: url)
            throw error.isRetriable ? error : .missingRevision(url: url.text, revision: commit)
        }
    }

    private func create(_ mirror: String, url: GitURL) async throws(GitError) {
        guard !FileSystem.exists("\(mirror)/martlet-url") else { return }
        // Half made, by an agent that was killed.
        try? await FileTree.remove(mirror)
        let result = try await git.run(
            ["init", "--quiet", "--bare", "--template=", "--end-of-options", mirror], in: folder, for: url)
        guard result.exit.isSuccess else {
            throw .environment("cannot make a mirror: \(result.errorText.prefix(300))")
        }
        do {
            try FileSystem.write(Array(url.normalised.utf8), to: "\(mirror)/martlet-url")
        } catch {
            throw GitError(error)
        }
    }

    private func fetch(
        _ url: GitURL, _ refs: [String], mirror: String, credentials: GitCredentials?
    ) async throws(GitError) -> CapturedOutput {
        let prunes = refs.count > 1 ? ["--prune"] : []
        return try await git.run(
            ["fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head"] + prunes
                + ["--end-of-options", url.text] + refs,
            in: mirror, for: url, credentials: credentials)
    }

    private func clone(
        _ url: GitURL, commit: String, mirror: String, lock: String, into destination: String
    ) async throws(GitError) {
        try await withLock(.use, lock) { () throws(GitError) in
            FileTree.touch(mirror)
            // No hard links: a script could rewrite an object that the mirror shares.
            let cloned = try await git.run(
                [
                    "clone", "--quiet", "--no-hardlinks", "--no-checkout", "--template=", "--end-of-options", mirror,
                    destination,
                ],
                in: folder, for: url)
            guard cloned.exit.isSuccess else { throw broken(cloned, url: url) }
            let checkedOut = try await git.run(
                ["checkout", "--quiet", "--detach", "--force", commit, "--"], in: destination, for: url)
            guard checkedOut.exit.isSuccess else { throw broken(checkedOut, url: url) }
        }
        // The script's own `git fetch` should go to where the repository comes from.
        do {
            let path = "\(destination)/.git/config"
            let text = String(decoding: try FileSystem.read(path, limit: 1 << 20).bytes, as: UTF8.self)
            try FileSystem.write(
                Array(text.replacing("\turl = \(mirror)\n", with: "\turl = \(url.text)\n").utf8), to: path, mode: 0o644)
        } catch {
            throw GitError(error)
        }
    }

    /// Between two folders of this machine there is no network to blame.
    private nonisolated func broken(_ result: CapturedOutput, url: GitURL) -> GitError {
        if result.exit.cause == .timeout { return .timedOut(url: url.text) }
        if result.errorText.contains("No space left on device") { return .environment("the disk is full") }
        let message = result.errorText.split(whereSeparator: \.isNewline).suffix(2).joined(separator: "; ")
        return .failed(url: url.text, message: message.isEmpty ? result.exit.description : String(message.prefix(500)))
    }

    // MARK: Space

    /// Removes the mirrors that were not used for the longest time until the rest is within the limit; none that is
    /// being used.
    package func prune() async {
        let (mirrors, locks, limitBytes) = (mirrors, locks, limitBytes)
        await FileThread.cleaning.run {
            FolderPruning.pruneNow(mirrors, locks: locks, limitBytes: limitBytes)
        }
        known.removeAll()
    }
}
