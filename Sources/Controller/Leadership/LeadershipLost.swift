/// Another process may lead by now: nothing more may be written or published. Purge the producers and end the process.
package struct LeadershipLost: Error, Equatable, CustomStringConvertible {
    package init() {}

    package var description: String { "this controller no longer leads" }
}
