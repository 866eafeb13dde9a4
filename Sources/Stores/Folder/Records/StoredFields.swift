internal import Document
internal import FoundationEssentials
internal import GRDB
internal import Model

/// Records as JSON in a column. `Data` is what GRDB takes for a blob.
extension Fields {
    var stored: Data { Data(FieldWriter.bytes(self)) }

    /// Reads a column leniently: an older or newer Martlet may have written it.
    init(_ row: Row, _ index: Int) throws {
        let bytes = try row.withUnsafeData(atIndex: index) { data in data.map { [UInt8]($0) } ?? [] }
        do {
            self = FieldReader.read(Self.self, from: try parseJSON(bytes), strict: false).value
        } catch {
            throw DatabaseError(
                resultCode: .SQLITE_CORRUPT, message: "a stored \(Self.self) is no JSON: \(error)")
        }
    }
}
