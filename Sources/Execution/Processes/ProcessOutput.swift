/// What a program writes, in pieces as they come out of the pipe.
package struct ProcessOutput: AsyncSequence, Sendable {
    let process: StageProcess

    package func makeAsyncIterator() -> Iterator {
        Iterator(process: process)
    }

    package struct Iterator: AsyncIteratorProtocol {
        let process: StageProcess

        package func next() async -> OutputChunk? {
            await process.nextChunk()
        }
    }
}

/// What a program writes, as batches of whole lines.
package struct OutputLines: AsyncSequence, Sendable {
    let process: StageProcess
    let masker: Masker
    let maxLineBytes: Int

    package func makeAsyncIterator() -> Iterator {
        Iterator(process: process, masker: masker, maxLineBytes: maxLineBytes)
    }

    package struct Iterator: AsyncIteratorProtocol {
        private let process: StageProcess
        private var output: LineSplitter
        private var error: LineSplitter
        private var outputMask: Masker.Stream
        private var errorMask: Masker.Stream
        private var isDone = false

        init(process: StageProcess, masker: Masker, maxLineBytes: Int) {
            self.process = process
            output = LineSplitter(stream: .standardOutput, limit: maxLineBytes)
            error = LineSplitter(stream: .standardError, limit: maxLineBytes)
            outputMask = masker.stream()
            errorMask = masker.stream()
        }

        package mutating func next() async -> [OutputLine]? {
            while !isDone {
                var lines: [OutputLine] = []
                switch await process.nextChunk() {
                case .some(let chunk) where chunk.stream == .standardOutput:
                    output.append(outputMask.mask(chunk.bytes), to: &lines)
                case .some(let chunk):
                    error.append(errorMask.mask(chunk.bytes), to: &lines)
                case nil:
                    isDone = true
                    output.append(outputMask.finish(), to: &lines)
                    output.finish(&lines)
                    error.append(errorMask.finish(), to: &lines)
                    error.finish(&lines)
                }
                if !lines.isEmpty { return lines }
            }
            return nil
        }
    }
}
