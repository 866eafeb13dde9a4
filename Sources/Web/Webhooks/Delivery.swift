internal import NIOCore

/// A request to the webhook's path, as it came.
struct Delivery: Sendable {
    var signature: String?
    var event: String?
    var id: String?
    var contentType: String?
    var body = ByteBuffer()

    /// Whether an id is one that logs, annotations and answers can hold.
    static func isSound(id: String) -> Bool {
        !id.isEmpty && id.utf8.count <= 128
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                    UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }
}
