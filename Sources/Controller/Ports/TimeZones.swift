package import Planning

/// What the machine knows of time zones.
package protocol TimeZones: Sendable {
    /// The zone of an IANA name; nil where there is none.
    func offset(of name: String) -> ZoneOffset?
}
