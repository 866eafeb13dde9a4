package import Model

/// What an object is known by among those of its kind.
package struct ObjectKey: Hashable, Comparable, Sendable {
    /// Empty where there are no namespaces.
    package var namespace: String
    package var name: String

    package init(_ name: String, in namespace: String?) {
        self.namespace = namespace ?? ""
        self.name = name
    }

    package init(_ metadata: Metadata) { self.init(metadata.name, in: metadata.namespace) }

    package static func < (left: Self, right: Self) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}
