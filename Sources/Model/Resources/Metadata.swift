/// What Kubernetes keeps about every object, as far as Martlet uses it.
package struct Metadata: Fields, Equatable {
    package var name = ""
    package var namespace: String?
    /// Given by the home, never by the user; survives a save by rename in the folder home.
    package var uid: String?
    /// Opaque: only ever compared for equality.
    package var resourceVersion: String?
    /// Rises with every change of the spec.
    package var generation: Int?
    package var creationTimestamp: Timestamp?
    package var deletionTimestamp: Timestamp?
    package var labels = StringMap()
    package var annotations = StringMap()

    package init() {}

    package init(name: String, uid: String? = nil, creationTimestamp: Timestamp? = nil) {
        self.name = name
        self.uid = uid
        self.creationTimestamp = creationTimestamp
    }

    package mutating func visit(_ visitor: inout some FieldVisitor) {
        visitor.text("name", &name, .dnsName)
        visitor.text("namespace", &namespace, .dnsLabel)
        visitor.text("uid", &uid, .filled(128))
        visitor.text("resourceVersion", &resourceVersion, .filled(128))
        visitor.number("generation", &generation, in: 0...Int.max)
        visitor.time("creationTimestamp", &creationTimestamp)
        visitor.time("deletionTimestamp", &deletionTimestamp)
        visitor.map("labels", &labels, key: .labelKey, value: .labelValue, atMost: 64)
        visitor.map("annotations", &annotations, key: .labelKey, value: .any(65_536), atMost: 64)
    }
}
