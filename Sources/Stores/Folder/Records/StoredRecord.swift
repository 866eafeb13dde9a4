internal import GRDB
internal import Model

/// An object as rows of the database hold it.
protocol StoredRecord {
    /// `SELECT … FROM …`, in the order that `init` reads.
    static var selection: String { get }
    init(_ row: Row) throws
}

extension StoredRecord {
    static func all(
        _ database: Database, where condition: String = "", _ arguments: StatementArguments = []
    ) throws -> [Self] {
        let statement = try database.cachedStatement(sql: "\(selection) \(condition)")
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        var records: [Self] = []
        while let row = try rows.next() { records.append(try Self(row)) }
        return records
    }
}

extension Metadata {
    /// What a user wrote, with what the home knows of the object.
    func completed(
        name: String, namespace: String, uid: String, revision: Int64, generation: Int, created: Timestamp
    ) -> Metadata {
        var metadata = self
        metadata.name = name
        metadata.namespace = namespace.isEmpty ? nil : namespace
        metadata.uid = uid
        metadata.resourceVersion = String(revision)
        metadata.generation = generation
        metadata.creationTimestamp = created
        return metadata
    }
}
