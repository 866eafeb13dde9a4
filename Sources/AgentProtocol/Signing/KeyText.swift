/// Ed25519 keys as OpenSSL and others write them (RFC 8410): PKCS#8 and SubjectPublicKeyInfo, in PEM.
enum KeyText {
    static let privateLabel = "PRIVATE KEY"
    static let publicLabel = "PUBLIC KEY"
    /// 1.3.101.112
    private static let ed25519: [UInt8] = [0x2B, 0x65, 0x70]
    private static let keySize = 32

    static func privateKey(_ raw: [UInt8]) -> String {
        PEM(label: privateLabel, content: [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3] + ed25519 + [4, 0x22, 4, 0x20] + raw)
            .text
    }

    static func publicKey(_ raw: [UInt8]) -> String {
        PEM(label: publicLabel, content: [0x30, 0x2A, 0x30, 5, 6, 3] + ed25519 + [3, 0x21, 0] + raw).text
    }

    /// The 32 bytes of the only private key of a text.
    static func privateKey(in text: String) throws(KeyError) -> [UInt8] {
        let blocks = try PEM.blocks(in: text)
        guard let block = blocks.first else { throw .noKey }
        switch block.label {
        case privateLabel: break
        case publicLabel: throw .isPublic
        default: throw refusal(of: block.label)
        }
        guard blocks.count == 1 else { throw .several }
        var outer = DER(block.content[...])
        guard let content = outer.next(DER.sequence), outer.isAtEnd else { throw .damaged("it is no PKCS#8") }
        var fields = DER(content)
        guard fields.next(DER.integer) != nil, let algorithm = fields.next(DER.sequence) else {
            throw .damaged("it is no PKCS#8")
        }
        try check(algorithm)
        // What follows are attributes and the public key, which some writers add.
        guard let wrapped = fields.next(DER.octetString) else { throw .damaged("it is no PKCS#8") }
        var inner = DER(wrapped)
        guard let raw = inner.next(DER.octetString), raw.count == keySize, inner.isAtEnd else {
            throw .damaged("its key isn't \(keySize) bytes long")
        }
        return Array(raw)
    }

    /// The 32 bytes of each public key of a text.
    static func publicKeys(in text: String) throws(KeyError) -> [[UInt8]] {
        let blocks = try PEM.blocks(in: text)
        if blocks.isEmpty { throw .noKey }
        var keys: [[UInt8]] = []
        for block in blocks {
            switch block.label {
            case publicLabel: break
            case privateLabel, "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY": throw .isPrivate
            default: throw refusal(of: block.label)
            }
            var outer = DER(block.content[...])
            guard let content = outer.next(DER.sequence), outer.isAtEnd else {
                throw .damaged("it is no SubjectPublicKeyInfo")
            }
            var fields = DER(content)
            guard let algorithm = fields.next(DER.sequence) else { throw .damaged("it is no SubjectPublicKeyInfo") }
            try check(algorithm)
            // Its first byte says how many bits of the last are unused.
            guard let bits = fields.next(DER.bitString), bits.first == 0, bits.count == keySize + 1, fields.isAtEnd
            else { throw .damaged("its key isn't \(keySize) bytes long") }
            keys.append(Array(bits.dropFirst()))
        }
        return keys
    }

    private static func check(_ algorithm: ArraySlice<UInt8>) throws(KeyError) {
        var fields = DER(algorithm)
        guard let identifier = fields.next(DER.objectIdentifier) else { throw .damaged("it names no algorithm") }
        let name: String
        switch Array(identifier) {
        case ed25519: return
        case [0x2B, 0x65, 0x6E]: name = "X25519 (key agreement)"
        case [0x2B, 0x65, 0x6F]: name = "X448 (key agreement)"
        case [0x2B, 0x65, 0x71]: name = "Ed448"
        case [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1]: name = "RSA"
        case [0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1]: name = "ECDSA (an elliptic curve of NIST's or another)"
        default: name = "another algorithm"
        }
        throw .otherAlgorithm(name)
    }

    private static func refusal(of label: String) -> KeyError {
        switch label {
        case "ENCRYPTED PRIVATE KEY": .isEncrypted
        case "RSA PRIVATE KEY", "RSA PUBLIC KEY": .otherAlgorithm("RSA")
        case "EC PRIVATE KEY", "EC PARAMETERS": .otherAlgorithm("ECDSA (an elliptic curve of NIST's or another)")
        default: .otherFormat(String(label.prefix(64)))
        }
    }
}
