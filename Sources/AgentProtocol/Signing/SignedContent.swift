/// The bytes that a controller's signature is about.
///
/// # Definition
/// A sequence of seven fields, each written as its length in bytes (32 bits, unsigned, big-endian) and then its bytes:
///
/// 1. the text `martlet.dev/controller-message/v1`, which no other use of the key begins with;
/// 2. the header `ce_type`;
/// 3. the header `ce_id`;
/// 4. the header `ce_source`;
/// 5. the header `ce_installation`;
/// 6. the header `ce_time`;
/// 7. the record's value.
///
/// Headers count as the bytes they are, before any reading of them; of several with one name the first counts. A header
/// that is missing makes the message unreadable, and so is never signed as an empty one. The signature is Ed25519
/// (RFC 8032, no prehash) over exactly these bytes; `ce_signature` holds its 64 bytes in base64 (RFC 4648, section 4,
/// padded), `ce_signaturekey` the id of the key: the first 16 hexadecimal digits, in lower case, of the SHA-256 of the
/// public key's 32 bytes.
///
/// # What that covers
/// Who says it, to which installation, and every byte of what is said. The value of `assign`, `stop` and `drain` names
/// the instance, which is random and new with every start of an agent, so that a copy means nothing to any other agent
/// or later start. Topic and partition are left out, as are `ce_subject`, `ce_specversion` and `content-type`, which
/// nothing is decided by: so tools may mirror topics under other names.
///
/// # What it doesn't
/// The time: clocks needn't agree, so an old message isn't refused for its age. To the same instance an `assign` again is
/// a repeat of a fence that it remembers (the last 10,000 at least), a `stop` ends an attempt that was to be stopped, and
/// fences never come again; a `drain` can't be taken back; `report` makes an agent say once more what it holds.
package struct SignedContent: Sendable {
    package static let domain = "martlet.dev/controller-message/v1"

    package let bytes: [UInt8]

    package init(
        type: [UInt8], id: [UInt8], source: [UInt8], installation: [UInt8], time: [UInt8], value: [UInt8]
    ) {
        let fields = [Array(Self.domain.utf8), type, id, source, installation, time, value]
        var bytes: [UInt8] = []
        bytes.reserveCapacity(fields.reduce(0) { $0 + 4 + $1.count })
        for field in fields {
            // No header or value of Kafka's comes near 4 GiB.
            let count = UInt32(truncatingIfNeeded: field.count)
            for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
            bytes += field
        }
        self.bytes = bytes
    }
}
