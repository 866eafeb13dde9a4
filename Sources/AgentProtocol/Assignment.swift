internal import Crypto
package import Model

/// The order to run one attempt of a stage, for one instance of an agent.
///
/// What is published is what is stored: the status keeps the digest, and whatever differs from it is stale.
package struct Assignment: Equatable, Sendable {
    package var fence: Fence
    package var instance: String
    package var work: StageWork
    /// Of the work, the fence and the instance: 32 lower-case hex digits.
    package let digest: String

    package init(fence: Fence, instance: String, work: StageWork) {
        self.fence = fence
        self.instance = instance
        self.work = work
        digest = Self.digest(fence: fence, instance: instance, work: FieldWriter.bytes(work))
    }

    /// SHA-256, cut to 128 bits: enough that no two assignments share it, short enough for every message and status.
    private static func digest(fence: Fence, instance: String, work: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(data: Array("\(fence)\u{0}\(instance)\u{0}".utf8))
        hash.update(data: work)
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(32)
        for byte in hash.finalize().prefix(16) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
