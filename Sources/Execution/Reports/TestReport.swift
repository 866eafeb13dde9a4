/// The tests that ran, counted, and those that failed.
package struct TestReport: Equatable, Sendable {
    package struct Failure: Equatable, Sendable {
        package var suite: String
        package var name: String
        package var message: String
        /// Relative to the checkout.
        package var path: String?
        package var line: Int?

        package init(suite: String, name: String, message: String, path: String? = nil, line: Int? = nil) {
            self.suite = suite
            self.name = name
            self.message = message
            self.path = path
            self.line = line
        }
    }

    package static let maxFailures = 100

    package var tests = 0
    /// Assertions that did not hold.
    package var failures = 0
    /// Tests that broke.
    package var errors = 0
    package var skipped = 0
    package var seconds = 0.0
    /// The first hundred.
    package var failed: [Failure] = []

    package init() {}

    package var passed: Int { max(0, tests - failures - errors - skipped) }

    package mutating func add(_ other: TestReport) {
        tests += other.tests
        failures += other.failures
        errors += other.errors
        skipped += other.skipped
        seconds += other.seconds
        failed += other.failed.prefix(Self.maxFailures - failed.count)
    }
}
