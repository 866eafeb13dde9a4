/// Why a stage without a `run` can't do its kind's job. The user has to change something.
package struct KindError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
