import Model
import Testing

@testable import Stores

@Suite("Random names")
struct RandomNameTests {
    @Test func `a UUID says its version, and sorts by its time`() throws {
        let time = try #require(Timestamp("2026-11-28T10:20:30.456789Z"))
        let uuids = (0..<100).map { _ in RandomName.uuid(at: time) }
        for uuid in uuids {
            let parts = uuid.split(separator: "-")
            #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
            #expect(parts[2].first == "7")
            #expect(try "89ab".contains(#require(parts[3].first)))
            #expect(UInt64(parts[0] + parts[1], radix: 16) == UInt64(time.microseconds / 1000))
        }
        #expect(Set(uuids).count == uuids.count)
        #expect(try #require(uuids.max()) < RandomName.uuid(at: time.adding(seconds: 1)))
        #expect(RandomName.uuid(at: Timestamp(seconds: -1)).hasPrefix("00000000-0000-7"))
    }
}
