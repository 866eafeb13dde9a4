internal import CSupervisor
internal import Glibc

/// Starts programs and holds what connects this process with them, all on one thread.
///
/// A program is started by a supervisor (see CSupervisor) that ends the program's whole tree when the program has
/// ended, when told so, and when this process is gone.
actor ProcessHost {
    static let shared = ProcessHost()

    private nonisolated let thread = EventThread()
    private var processes: [UInt64: HeldProcess] = [:]
    private var lastNumber: UInt64 = 0
    private let chunkSize = 64 << 10

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    private init() {
        // A supervisor that has just gone is an error of `write`, which is looked at, and not the death of this process.
        // Scripts get the signal's default back.
        signal(SIGPIPE, SIG_IGN)
        thread.start(named: "martlet-process") { [self] token, events in
            assumeIsolated { $0.ready(token: token, events: events) }
        }
    }

    // MARK: Starting

    /// Returns once the program runs.
    func start(_ command: Command) async throws(StartError) -> (number: UInt64, process: pid_t, control: ProcessControl)
    {
        let held: HeldProcess
        do {
            held = try fork(command)
        } catch let error as StartError {
            throw error
        } catch {
            throw .resources((error as? SystemError) ?? SystemError("start", code: EINVAL))
        }
        let failure = await withCheckedContinuation { continuation in
            // The answer may have come before the question.
            if let answer = held.answer { continuation.resume(returning: answer) } else { held.starter = continuation }
        }
        if let failure {
            release(held.number)
            throw failure
        }
        return (held.number, held.process, held.control)
    }

    private func fork(_ command: Command) throws -> HeldProcess {
        let path = try ExecutableSearch(path: command.environment["PATH"] ?? "").locate(command.executable)
        let arguments = [command.executable] + command.arguments
        let environment = try command.environment.map { name, value in
            guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "=")) else {
                throw StartError.invalidText("the name of the environment variable \(name)")
            }
            return "\(name)=\(value)"
        }
        for text in arguments + [command.workingDirectory] where text.utf8.contains(0) {
            throw StartError.invalidText("an argument with a zero byte")
        }
        if environment.contains(where: { $0.utf8.contains(0) }) {
            throw StartError.invalidText("an environment variable with a zero byte")
        }

        let (socket, supervisorSocket) = try OpenDescriptor.messageSocket()
        let control = try ProcessControl(socket: socket, timeout: command.timeout, grace: command.grace)
        var pipes: [HeldProcess.Pipe] = []
        let output: OpenDescriptor
        switch command.standardOutput {
        case .stream:
            let (reading, writing) = try OpenDescriptor.pipe()
            pipes.append(.init(descriptor: reading, source: .output))
            output = writing
        case .file(let path):
            output = try .opening(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
        case .discard:
            output = try .opening("/dev/null", O_WRONLY)
        }
        let error: OpenDescriptor
        switch command.standardError {
        case .withOutput:
            error = output
        case .stream:
            let (reading, writing) = try OpenDescriptor.pipe()
            pipes.append(.init(descriptor: reading, source: .error))
            error = writing
        case .discard:
            error = try .opening("/dev/null", O_WRONLY)
        }

        let supervisor = withExtendedLifetime((supervisorSocket, output, error)) {
            CStrings.with(arguments) { arguments in
                CStrings.with(environment) { environment in
                    path.withCString { path in
                        command.workingDirectory.withCString { directory in
                            // Everything the request points to outlives the call, which copies by forking.
                            var request = supervisor_request(
                                path: path, arguments: arguments, environment: environment, directory: directory,
                                control: supervisorSocket.number, standard_output: output.number,
                                standard_error: error.number)
                            return supervisor_start(&request)
                        }
                    }
                }
            }
        }
        guard supervisor > 0 else { throw SystemError("fork", code: -supervisor) }

        lastNumber += 1
        let held = HeldProcess(
            number: lastNumber, command: command, path: path, control: control, supervisor: supervisor)
        held.pipes = pipes
        processes[held.number] = held
        thread.watch(socket.number, token: held.token(.control), events: EPOLLIN.rawValue)
        thread.watch(control.timer.number, token: held.token(.timer), events: EPOLLIN.rawValue)
        // Reported once a reader asks: what nobody reads stays in the pipe, and the program waits.
        for pipe in pipes {
            thread.watch(pipe.descriptor.number, token: held.token(pipe.source), events: EPOLLONESHOT.rawValue)
        }
        let end = supervisor_process_descriptor(supervisor)
        if end >= 0 {
            held.supervisorEnd = OpenDescriptor(end)
            thread.watch(end, token: held.token(.supervisor), events: EPOLLIN.rawValue)
        }
        return held
    }

    // MARK: Waiting

    /// What the program wrote next; nil once all has been taken.
    func nextChunk(of number: UInt64) async -> OutputChunk? {
        guard let held = processes[number] else { return nil }
        if let chunk = readAvailable(held) { return chunk }
        if held.pipes.isEmpty || Task.isCancelled {
            dropIfDone(held)
            return nil
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                precondition(held.reader == nil, "a program's output has one reader")
                // Getting here may have taken a turn of the thread, in which the program may have ended.
                if let chunk = readAvailable(held) { return continuation.resume(returning: chunk) }
                if held.pipes.isEmpty { return continuation.resume(returning: nil) }
                held.reader = continuation
                // Only now: an event that comes before there is a reader would be lost.
                for pipe in held.pipes { thread.watchAgain(pipe.descriptor.number, token: held.token(pipe.source)) }
            }
        } onCancel: {
            Task { await self.stopReading(number) }
        }
    }

    private func stopReading(_ number: UInt64) {
        guard let held = processes[number] else { return }
        held.reader?.resume(returning: nil)
        held.reader = nil
    }

    func exit(of number: UInt64) async -> ProcessExit? {
        guard let held = processes[number] else { return nil }
        if let exit = held.exit { return exit }
        return await withCheckedContinuation { held.waiters.append($0) }
    }

    /// The owner has gone: nothing of the process is asked for again.
    func release(_ number: UInt64) {
        guard let held = processes[number] else { return }
        held.control.kill()
        held.reader?.resume(returning: nil)
        held.reader = nil
        for pipe in held.pipes { thread.forget(pipe.descriptor.number) }
        held.pipes = []
        held.rest = []
        held.isReleased = true
        dropIfDone(held)
    }

    // MARK: Events

    private func ready(token: UInt64, events: UInt32) {
        guard let held = processes[token >> 3], let source = HeldProcess.Source(rawValue: token & 7) else { return }
        switch source {
        case .control: receive(held)
        case .timer: held.control.timeIsOver()
        case .supervisor: reapSupervisor(held)
        case .output, .error:
            guard let reader = held.reader else { return }
            if let chunk = readAvailable(held) {
                held.reader = nil
                reader.resume(returning: chunk)
            } else if held.pipes.isEmpty {
                held.reader = nil
                reader.resume(returning: nil)
            } else {
                for pipe in held.pipes {
                    thread.watchAgain(pipe.descriptor.number, token: held.token(pipe.source))
                }
            }
        }
    }

    private func receive(_ held: HeldProcess) {
        var report = supervisor_report()
        let size = MemoryLayout<supervisor_report>.size
        let length = recv(held.control.socket.number, &report, size, Int32(MSG_DONTWAIT))
        if length < 0 && (errno == EAGAIN || errno == EINTR) { return }
        guard length == size else { return supervisorIsGone(held) }
        switch UInt32(bitPattern: report.kind) {
        case SUPERVISOR_STARTED.rawValue:
            held.process = report.process
            answer(held, nil)
        case SUPERVISOR_FAILED.rawValue:
            end(held, ProcessExit(lostAfter: .zero))
            answer(held, StartError(report, of: held.command, at: held.path))
        case SUPERVISOR_ENDED.rawValue:
            let elapsed = held.startedAt.duration(to: BootClock().now)
            end(held, ProcessExit(report, cause: held.control.cause, elapsed: elapsed))
        default:
            break
        }
    }

    private func answer(_ held: HeldProcess, _ failure: StartError?) {
        guard held.answer == nil else { return }
        held.answer = .some(failure)
        held.starter?.resume(returning: failure)
        held.starter = nil
    }

    /// Somebody killed the supervisor. What is in the program's group is killed; the rest is out of reach.
    private func supervisorIsGone(_ held: HeldProcess) {
        thread.forget(held.control.socket.number)
        guard held.exit == nil else { return }
        if held.process > 0 { kill(-held.process, SIGKILL) }
        end(held, ProcessExit(lostAfter: held.startedAt.duration(to: BootClock().now)))
        answer(held, .resources(SystemError("supervise", code: ECHILD)))
    }

    private func end(_ held: HeldProcess, _ exit: ProcessExit) {
        held.exit = exit
        held.control.ended()
        thread.forget(held.control.timer.number)
        // A process out of the tree's reach may hold a pipe open for ever: take what is there, and close it. No more
        // than a pipe can hold, since such a process may also write for ever.
        for pipe in held.pipes {
            var left = 1 << 20
            while left > 0, case .bytes(let bytes) = read(pipe) {
                held.rest.append(OutputChunk(stream: pipe.stream, bytes: bytes))
                left -= bytes.count
            }
            thread.forget(pipe.descriptor.number)
        }
        held.pipes = []
        if let reader = held.reader {
            held.reader = nil
            reader.resume(returning: held.rest.isEmpty ? nil : held.rest.removeFirst())
        }
        let waiters = held.waiters
        held.waiters = []
        for waiter in waiters { waiter.resume(returning: exit) }
        reapSupervisor(held)
    }

    private func reapSupervisor(_ held: HeldProcess) {
        guard held.supervisor > 0 else { return dropIfDone(held) }
        // Without a descriptor for its end (before Linux 5.3) wait for it here: it is about to exit.
        let options = held.supervisorEnd == nil && held.exit != nil ? 0 : WNOHANG
        guard waitpid(held.supervisor, nil, options) != 0 else { return }
        held.supervisor = 0
        if let descriptor = held.supervisorEnd { thread.forget(descriptor.number) }
        held.supervisorEnd = nil
        if held.exit == nil { receive(held) }
        dropIfDone(held)
    }

    private func dropIfDone(_ held: HeldProcess) {
        if held.isReleased && held.exit != nil && held.supervisor == 0 { processes[held.number] = nil }
    }

    // MARK: Reading

    private enum Reading {
        case bytes([UInt8])
        case nothing
        case end
    }

    private func read(_ pipe: HeldProcess.Pipe) -> Reading {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: chunkSize) { buffer, initialized in
            count = Glibc.read(pipe.descriptor.number, buffer.baseAddress, buffer.count)
            initialized = max(0, count)
        }
        if count > 0 { return .bytes(bytes) }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .end
    }

    private func readAvailable(_ held: HeldProcess) -> OutputChunk? {
        if !held.rest.isEmpty { return held.rest.removeFirst() }
        for (index, pipe) in held.pipes.enumerated().reversed() {
            switch read(pipe) {
            case .bytes(let bytes):
                // The other stream comes first the next time.
                held.pipes.swapAt(0, index)
                return OutputChunk(stream: pipe.stream, bytes: bytes)
            case .nothing: continue
            case .end:
                thread.forget(pipe.descriptor.number)
                held.pipes.remove(at: index)
            }
        }
        return nil
    }
}
