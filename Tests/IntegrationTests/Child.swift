import Glibc
import Synchronization

/// A process that a test has started.
final class Child: Sendable {
    struct Ending: Sendable {
        /// The exit code; for a process that a signal has ended, the negated signal.
        var code: Int32
        var output: String
        var errors: String
    }

    let id: pid_t
    let name: String
    let output: LineFeed
    let errors: LineFeed
    /// Nil while it lives; a process that has been reaped must not be sent signals, since its id may be another's.
    private let code = Mutex<Int32?>(nil)
    /// Those who wait for its end, each with a stream of its own: a stream whose reader is cancelled has ended for all.
    private let waiting = Mutex<[AsyncStream<Void>.Continuation]>([])

    /// - Throws: `Unmet` when there is no such program.
    init(_ program: String, _ arguments: [String], folder: String, environment: [String: String]) throws {
        name = ([program.split(separator: "/").last.map(String.init) ?? program] + arguments).joined(separator: " ")
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let words = ["/usr/bin/env", "-C", folder, program] + arguments
        let (process, output, errors) = try spawning.withLock { _ in try spawn(words, environment: variables) }
        id = process
        self.output = try .reading(output)
        self.errors = try .reading(errors)
        try startThread { [self] in
            // Looked at first and reaped under the lock, so that `send` never meets a reaped id.
            var information = siginfo_t()
            while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            code.withLock { code in
                var status: Int32 = 0
                waitpid(id, &status, 0)
                let signal = status & 0x7f
                code = signal == 0 ? (status >> 8) & 0xff : -signal
            }
            for waiter in waiting.withLock({ $0 }) { waiter.finish() }
        }
    }

    var isAlive: Bool { code.withLock { $0 == nil } }

    /// Sends a signal to this process alone, if it is still there.
    func send(_ signal: Int32) {
        code.withLock { code in
            if code == nil { _ = Glibc.kill(id, signal) }
        }
    }

    /// Ends it as a power cut would, and waits until it is gone. Its stages' supervisors outlive it by a moment.
    func crash() async throws {
        send(SIGKILL)
        try await ended()
    }

    func ended() async throws {
        let (exits, exited) = AsyncStream<Void>.makeStream()
        waiting.withLock { $0.append(exited) }
        // It may have ended before anybody could tell this one.
        if isAlive { for await _ in exits {} }
        guard !isAlive else { throw Unmet("`\(name)` did not end in time:\n\(transcript)") }
    }

    /// Waits for its end and all of its output.
    func finish() async throws -> Ending {
        try await ended()
        try await output.ended()
        try await errors.ended()
        return Ending(code: code.withLock { $0 ?? 0 }, output: output.text, errors: errors.text)
    }

    var transcript: String {
        "$ \(name)\n" + output.text + errors.lines.map { "! \($0)\n" }.joined()
            + (code.withLock { $0 }.map { "→ \($0)\n" } ?? "")
    }
}

/// Held from the making of a pipe to the start of its process: Glibc's module has no `pipe2` and no `accept4`, and what
/// has no `O_CLOEXEC` would stay open in whatever else is started meanwhile.
let spawning = Mutex(())

func makePipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Unmet("no pipe: \(errno)") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}

/// Starts a program by its path; returns its id, and what it writes.
private func spawn(_ words: [String], environment: [String]) throws -> (pid_t, output: Int32, errors: Int32) {
    let (output, errors) = (try makePipe(), try makePipe())
    defer { for end in [output.write, errors.write] { close(end) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.write, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // As a shell starts programs: signals at their defaults and not blocked, in a process group of its own.
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
        &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    // C strings of our own until the call returns.
    let arguments = words.map { strdup($0) }
    let variables = environment.map { strdup($0) }
    defer { for text in arguments + variables { free(text) } }
    var process = pid_t()
    let code = posix_spawn(&process, words[0], &actions, &attributes, arguments + [nil], variables + [nil])
    guard code == 0 else {
        for end in [output.read, errors.read] { close(end) }
        throw Unmet("\(words.joined(separator: " ")) can't be started: \(String(cString: strerror(code)))")
    }
    return (process, output.read, errors.read)
}
