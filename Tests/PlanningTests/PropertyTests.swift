import Testing

@testable import Planning

@Suite("By chance")
struct PropertyTests {
    /// Twelve batches, so that they run side by side.
    @Test(arguments: 0..<12)
    func `every run ends, and keeps the rules on its way`(batch: Int) throws {
        for number in 0..<20 {
            var world = try RandomWorld(seed: UInt64(batch * 1000 + number))
            try world.play()
        }
    }
}
