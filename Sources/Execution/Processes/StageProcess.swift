/// A running program together with every process it starts.
///
/// The tree ends as a whole: when the program itself ends, what it left behind is killed, and only then is `exit()`
/// answered. It also ends when this value is dropped, and when this process dies in whatever way.
package final class StageProcess: Sendable {
    /// The program's process id, which is also its process group and its session.
    package let processID: Int32
    private let number: UInt64
    private let control: ProcessControl

    private init(processID: Int32, number: UInt64, control: ProcessControl) {
        self.processID = processID
        self.number = number
        self.control = control
    }

    deinit {
        let number = number
        control.kill()
        Task { await ProcessHost.shared.release(number) }
    }

    /// Starts a program; returns once it runs.
    package static func start(_ command: Command) async throws(StartError) -> StageProcess {
        let (number, process, control) = try await ProcessHost.shared.start(command)
        return StageProcess(processID: process, number: number, control: control)
    }

    /// What the program writes, as it comes. For one reader.
    ///
    /// Nothing is read before it is asked for, so a program that writes faster than it is read waits at a full pipe
    /// (64 KiB). A program whose output goes to nobody must be started with `.discard`.
    package var output: ProcessOutput {
        ProcessOutput(process: self)
    }

    /// The same as lines, a batch at a time, with the secrets of `masker` hidden.
    package func lines(masking masker: Masker = Masker(), maxLineBytes: Int = LineSplitter.defaultLimit) -> OutputLines
    {
        OutputLines(process: self, masker: masker, maxLineBytes: maxLineBytes)
    }

    /// Asks every process of the tree to end (SIGTERM), and kills what is left after the grace. Returns at once.
    package func terminate(grace: Duration) {
        control.terminate(grace: grace)
    }

    /// Kills the whole tree. Returns at once.
    package func kill() {
        control.kill()
    }

    /// How the program ended, once its tree is gone.
    package func exit() async -> ProcessExit {
        // The host knows the process for as long as this value exists.
        await ProcessHost.shared.exit(of: number) ?? ProcessExit(lostAfter: .zero)
    }

    func nextChunk() async -> OutputChunk? {
        await ProcessHost.shared.nextChunk(of: number)
    }
}
