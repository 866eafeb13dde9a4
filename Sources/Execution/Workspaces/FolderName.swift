internal import Glibc

/// A folder's name that stands for a text: no two texts have the same, and it can be read.
enum FolderName {
    /// Fails for a text that is too long for a name: a digest would be shorter, but one that can be forged would let
    /// one repository choose another's folder.
    static func of(_ text: String) throws(SystemError) -> String {
        var name = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                name.unicodeScalars.append(UnicodeScalar(byte))
            case UInt8(ascii: "/"):
                name += "+"
            default:
                name += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        // A leading dot would hide it, or mean the parent.
        if name.hasPrefix(".") { name = "%2e" + name.dropFirst() }
        guard name.utf8.count <= 250 else { throw SystemError("name a folder for \(text)", code: ENAMETOOLONG) }
        return name
    }
}
