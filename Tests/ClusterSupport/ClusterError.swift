/// Why there is no API server, or what kubectl said against it.
package struct ClusterError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
