internal import Controller
internal import Foundation
package import Model
package import Planning

/// The time zones that this machine knows, by the database that comes with the program's own libraries.
package struct MachineZones: TimeZones {
    package init() {}

    /// Why a name is no zone's here; nil for one that is.
    package static func complaint(about name: String) -> TemplateError? {
        guard MachineZones().offset(of: name) == nil else { return nil }
        if !name.contains("/") {
            return TemplateError(
                message: "`\(name.shown())` is no time zone with a region, and its schedule doesn't come",
                hint: "abbreviations mean different things: write Europe/Berlin, or UTC")
        }
        let near = Suggestion.nearest(to: name, among: TimeZone.knownTimeZoneIdentifiers)
        return TemplateError(
            message: "this machine knows no time zone `\(name.shown())`, and its schedule doesn't come",
            hint: near.map { "did you mean \($0)?" })
    }

    package func offset(of name: String) -> ZoneOffset? {
        // Abbreviations (`EST`) would be taken as well, and mean other things elsewhere.
        guard name == "UTC" || name == "GMT" || name.contains("/"), let zone = TimeZone(identifier: name) else {
            return nil
        }
        return { moment in
            zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.microseconds) / 1_000_000))
        }
    }
}
