/// What a short program wrote, and how it ended.
package struct CapturedOutput: Equatable, Sendable {
    package var exit: ProcessExit
    /// At most as many bytes as were allowed; the rest was dropped.
    package var output: [UInt8]
    /// The last bytes of the error output.
    package var error: [UInt8]
    package var isCut: Bool

    package var outputText: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { String(decoding: error, as: UTF8.self) }
}

extension Command {
    /// Runs the program to its end and keeps what it writes. A cancelled task kills it.
    package func capture(limit: Int = 1 << 20) async throws(StartError) -> CapturedOutput {
        var command = self
        command.standardOutput = .stream
        command.standardError = .stream
        let process = try await StageProcess.start(command)
        return await withTaskCancellationHandler {
            var result = CapturedOutput(exit: ProcessExit(lostAfter: .zero), output: [], error: [], isCut: false)
            for await chunk in process.output {
                switch chunk.stream {
                case .standardOutput:
                    let room = limit - result.output.count
                    result.output += chunk.bytes.prefix(room)
                    result.isCut = result.isCut || chunk.bytes.count > room
                case .standardError:
                    result.error += chunk.bytes
                    if result.error.count > 64 << 10 { result.error.removeFirst(result.error.count - (64 << 10)) }
                }
            }
            result.exit = await process.exit()
            return result
        } onCancel: {
            process.kill()
        }
    }
}
