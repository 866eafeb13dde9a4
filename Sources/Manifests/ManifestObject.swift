import Document
import Model

/// An object found in a document, whether or not it could be understood.
struct ManifestObject {
    /// What no two objects may share.
    struct Identity: Hashable {
        var kind: String
        var namespace: String
        var name: String
    }

    var file: String
    /// The whole document, which `path` starts from.
    var document: Node
    /// Where the object is: the document itself, or an item of a List.
    var path: FieldPath
    var nameMark: Mark
    /// Who it is.
    var rejected: RejectedManifest
    /// Nil when it has errors.
    var manifest: Manifest?
    var isDuplicate = false

    /// Nil without a name, which is then made anew each time.
    var identity: Identity? {
        rejected.name.map {
            Identity(kind: rejected.kind, namespace: Self.namespace(rejected.namespace), name: $0)
        }
    }

    /// An object that names no namespace is in `default`, as far as files can say.
    static func namespace(_ name: String?) -> String { name ?? "default" }
}
