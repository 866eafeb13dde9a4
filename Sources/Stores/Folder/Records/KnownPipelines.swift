internal import Controller
internal import GRDB
internal import Model

/// Pipelines as one transaction sees them, each read once.
struct KnownPipelines {
    private var specs: [ObjectKey: PipelineSpec?] = [:]

    /// Nil for one that isn't there, or that no manifest holds any more.
    mutating func spec(of name: String, in namespace: String, _ database: Database) throws -> PipelineSpec? {
        let key = ObjectKey(name, in: namespace)
        if let known = specs[key] { return known }
        let record = try PipelineRecord.named(name, in: namespace, database)
        let spec = record.flatMap { $0.isPresent ? $0.spec : nil }
        specs[key] = .some(spec)
        return spec
    }
}
