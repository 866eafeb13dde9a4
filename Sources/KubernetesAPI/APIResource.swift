/// A kind of object as it is named in the API's paths.
package struct APIResource: Hashable, Sendable, CustomStringConvertible {
    /// Empty for the core group.
    package var group: String
    package var version: String
    /// Such as `pipelineruns`.
    package var plural: String

    package init(group: String, version: String, plural: String) {
        self.group = group
        self.version = version
        self.plural = plural
    }

    /// As errors and permissions name it: `pipelineruns.martlet.dev`.
    package var description: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// The path of all objects, or of one.
    ///
    /// - Parameter namespace: Nil for those of all namespaces.
    package func path(namespace: String?, name: String? = nil, subresource: String? = nil) -> String {
        var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        if let namespace { path += "/namespaces/\(namespace)" }
        path += "/\(plural)"
        if let name { path += "/\(name)" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}
