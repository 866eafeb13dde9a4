import Model
import Testing

@testable import Planning

@Suite("Concurrency groups")
struct AdmissionTests {
    private func applicant(
        _ run: String, created: Int64, started: Bool = false, policy: Concurrency.Policy = .queue, limit: Int = 1,
        group: String = "g"
    ) -> Applicant {
        Applicant(
            run: run, name: run, group: group, limit: limit, policy: policy, hasStarted: started,
            created: Timestamp(seconds: created))
    }

    private func words(_ applicants: [Applicant]) -> [String] {
        admit(applicants).map { obstacle in
            switch obstacle {
            case nil: "goes"
            case .concurrencyLimit: "waits"
            case .concurrencyRejected: "rejected"
            case .superseded: "superseded"
            default: "?"
            }
        }
    }

    @Test func `started runs keep their places; the rest come by creation, then UID`() {
        #expect(words([applicant("a", created: 1), applicant("b", created: 9, started: true)]) == ["waits", "goes"])
        #expect(words([applicant("b", created: 1), applicant("a", created: 1)]) == ["waits", "goes"])
        #expect(
            words([applicant("c", created: 3), applicant("a", created: 2), applicant("b", created: 1)]) == [
                "waits", "waits", "goes",
            ])
    }

    @Test func `groups don't know of each other, and a limit may be more than one`() {
        #expect(words([applicant("a", created: 1), applicant("b", created: 2, group: "h")]) == ["goes", "goes"])
        #expect(words((1...3).map { applicant("a\($0)", created: Int64($0), limit: 2) }) == ["goes", "goes", "waits"])
    }

    @Test func `Reject ends what finds no place`() {
        let applicants = [applicant("a", created: 1, started: true), applicant("b", created: 2, policy: .reject)]
        #expect(words(applicants) == ["goes", "rejected"])
    }

    @Test func `CancelOlder gives the newest the place, once the older have ended`() {
        let older = applicant("a", created: 1, started: true, policy: .cancelOlder)
        let never = applicant("b", created: 2, policy: .cancelOlder)
        let newest = applicant("c", created: 3, policy: .cancelOlder)
        #expect(words([older, never, newest]) == ["superseded", "superseded", "waits"])
        #expect(words([never, newest]) == ["superseded", "goes"])
        #expect(words([newest]) == ["goes"])
    }

    @Test func `runs of one second come in the order of their events, with those that have none at its beginning`() {
        func made(_ run: String, _ received: Int64?) -> Applicant {
            Applicant(
                run: run, name: run, group: "g", limit: 1, policy: .cancelOlder, hasStarted: false,
                created: Timestamp(seconds: 5), received: received.map { Timestamp(microseconds: 5_000_000 + $0) })
        }
        let members = [made("z", 1), made("m", nil), made("a", 2)]
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            #expect(words(order.map { members[$0] }).count { $0 == "goes" } == 1)
            #expect(words(order.map { members[$0] })[order.firstIndex(of: 2) ?? 0] == "goes")
        }
    }
}
