import Model

/// What every manifest has, with the spec of its kind.
struct ManifestRecord<Spec: Fields>: Fields {
    var apiVersion = ""
    var kind = ""
    var metadata = ManifestMetadata()
    var spec = Spec()

    init() {}

    mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("apiVersion", &apiVersion, .filled(253))
        visitor.text("kind", &kind, .filled(63))
        visitor.requiredObject("metadata", &metadata)
        visitor.requiredObject("spec", &spec)
    }
}

/// The part of an object's metadata that is a user's to write.
struct ManifestMetadata: Fields {
    /// What the server, or the folder home, keeps there. It is found in files that were saved from a cluster.
    static let kept = [
        "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        "selfLink", "managedFields", "ownerReferences", "finalizers",
    ]

    var name: String?
    var generateName: String?
    var namespace: String?
    var labels = StringMap()
    var annotations = StringMap()

    init() {}

    mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("name", &name, .dnsName)
        // Ends in a dash mostly, which a whole name can't.
        visitor.text("generateName", &generateName, .filled(240))
        visitor.text("namespace", &namespace, .dnsLabel)
        visitor.map("labels", &labels, key: .labelKey, value: .labelValue, atMost: 64)
        visitor.map("annotations", &annotations, key: .labelKey, value: .any(65_536), atMost: 64)
    }

    var metadata: Metadata {
        var metadata = Metadata(name: name ?? "")
        metadata.namespace = namespace
        metadata.labels = labels
        metadata.annotations = annotations
        return metadata
    }
}
