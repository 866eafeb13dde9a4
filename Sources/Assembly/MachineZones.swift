internal import Controller
internal import Foundation
internal import Model
internal import Planning

/// The time zones that this machine knows, by the database that comes with the program's own libraries.
struct MachineZones: TimeZones {
    func offset(of name: String) -> ZoneOffset? {
        // Abbreviations (`EST`) would be taken as well, and mean other things elsewhere.
        guard name == "UTC" || name == "GMT" || name.contains("/"), let zone = TimeZone(identifier: name) else {
            return nil
        }
        return { moment in
            zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.microseconds) / 1_000_000))
        }
    }
}
