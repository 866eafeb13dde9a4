/// A value that several owners hold without copying it: large, and seldom or never changed in place.
///
/// Comparing two that are the same one takes no look at what they hold.
package final class Shared<Value: Equatable & Sendable>: Equatable, Sendable {
    package let value: Value

    package init(_ value: Value) {
        self.value = value
    }

    package static func == (left: Shared, right: Shared) -> Bool {
        left === right || left.value == right.value
    }
}
