import Testing

@testable import KubernetesAPI

@Suite struct ReflectorTests {
    typealias Machine = Reflector<String>

    /// What happens, how many seconds later, and what is done about it.
    struct Turn: Sendable {
        var event: Machine.Event
        var after: Double
        var actions: [Machine.Action]

        init(_ event: Machine.Event, after: Double = 0, _ actions: Machine.Action...) {
            self.event = event
            self.after = after
            self.actions = actions
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var turns: [Turn]

        init(_ sentence: String, _ turns: Turn...) {
            testDescription = sentence
            self.turns = turns
        }
    }

    private static func refused(_ code: Int, _ message: String = "no", retryAfter: Int? = nil) -> APIError {
        .refused(APIStatus(code: code, message: message, retryAfterSeconds: retryAfter))
    }

    private static let gone = APIStatus(code: 410, reason: "Expired", message: "too old resource version")
    private static let first = Machine.Action.list(limit: 500, continuing: nil)
    private static let begun = Turn(.began, first)
    private static func watch(_ version: String) -> Machine.Action { .watch(from: version, timeoutSeconds: 450) }
    /// A list of `a` at version 5 and an open watch.
    private static let listed = Turn(
        .page(["a"], version: "5", next: nil), .report(.listed(["a"])), watch("5"))
    private static let opened = Turn(.opened, .read)
    private static let missing =
        "the API server has no things.example.com: install the CustomResourceDefinitions (kubectl apply -f crds); looking again"

    // Chance is always a half: waits are three quarters of the whole.
    private static let cases: [Case] = [
        Case("a list in one page is reported and watched from its version", begun, listed, opened),
        Case(
            "pages are put together",
            begun, Turn(.page(["a", "b"], version: "5", next: "t1"), .list(limit: 500, continuing: "t1")),
            Turn(.page(["c"], version: "5", next: "t2"), .list(limit: 500, continuing: "t2")),
            Turn(.page([], version: "5", next: nil), .report(.listed(["a", "b", "c"])), watch("5"))),
        Case(
            "a continue token that has expired begins the list anew, a second one as a whole",
            begun, Turn(.page(["a"], version: "5", next: "t1"), .list(limit: 500, continuing: "t1")),
            Turn(.listFailed(.refused(gone)), .list(limit: 500, continuing: nil)),
            Turn(.page(["a"], version: "6", next: "t2"), .list(limit: 500, continuing: "t2")),
            Turn(.listFailed(.refused(gone)), .list(limit: nil, continuing: nil)),
            Turn(.page(["b"], version: "7", next: nil), .report(.listed(["b"])), watch("7"))),
        Case(
            "a list that fails in the middle begins at its start, after a wait that grows",
            begun, Turn(.page(["a"], version: "5", next: "t1"), .list(limit: 500, continuing: "t1")),
            Turn(
                .listFailed(.unreachable("reset")),
                .warn("things.example.com can't be listed: reset"),
                .wait(microseconds: 187_500)),
            Turn(.waited, first),
            Turn(.listFailed(.unreachable("reset")), .wait(microseconds: 375_000)),
            Turn(.waited, first), Turn(.listFailed(.unreachable("reset")), .wait(microseconds: 750_000)),
            Turn(.waited, first), listed),
        Case(
            "a server that says how long to wait is obeyed",
            begun,
            Turn(
                .listFailed(refused(429, "slow down", retryAfter: 7)),
                .warn(
                    "things.example.com can't be listed: slow down (429)"),
                .wait(microseconds: 7_000_000)),
            Turn(.waited, first)),
        Case(
            "without the CustomResourceDefinitions it says so once, and looks again",
            begun, Turn(.listFailed(refused(404)), .warn(missing), .wait(microseconds: 187_500)), Turn(.waited, first),
            Turn(.listFailed(refused(404)), .wait(microseconds: 375_000)), Turn(.waited, first), listed),
        Case(
            "permission that is missing is told, and asked for again",
            begun,
            Turn(
                .listFailed(refused(403, "forbidden")),
                .warn("things.example.com can't be listed: forbidden (403)"),
                .wait(microseconds: 187_500)),
            Turn(.waited, first),
            Turn(
                .listFailed(refused(401, "who?")),
                .warn(
                    "things.example.com can't be listed: who? (401)"),
                .wait(microseconds: 375_000))),
        Case(
            "a page that can't be understood makes the pages smaller",
            begun,
            Turn(
                .listUnreadable("the list is no JSON"),
                .warn("things.example.com can't be listed: the list is no JSON"), .wait(microseconds: 187_500)),
            Turn(.waited, .list(limit: 125, continuing: nil))),
        Case(
            "changes are reported, and each moves the version on",
            begun, listed, opened, Turn(.put("b", version: "6"), .report(.put("b")), .read),
            Turn(.deleted("a", version: "7"), .report(.deleted("a")), .read), Turn(.ended(nil), watch("7"))),
        Case(
            "a bookmark moves the version on, and nothing else",
            begun, listed, opened, Turn(.passed(version: "9"), .read), Turn(.ended(nil), after: 300, watch("9"))),
        Case(
            "a watch that is cut goes on from the last version at once",
            begun, listed, opened, Turn(.put("b", version: "6"), .report(.put("b")), .read),
            Turn(.ended(.unreachable("reset")), watch("6")), opened),
        Case(
            "a watch that ends at once without anything waits, longer each time",
            begun, listed, opened, Turn(.ended(nil), after: 0.1, .wait(microseconds: 375_000)),
            Turn(.waited, watch("5")), opened, Turn(.ended(nil), .wait(microseconds: 750_000)),
            Turn(.waited, watch("5")), opened, Turn(.passed(version: "6"), .read),
            Turn(.ended(nil), .wait(microseconds: 1_500_000)), Turn(.waited, watch("6"))),
        Case(
            "a watch that lasted makes the next wait short again",
            begun, listed, opened, Turn(.ended(nil), .wait(microseconds: 375_000)), Turn(.waited, watch("5")),
            opened, Turn(.ended(nil), after: 2, watch("5")), opened,
            Turn(.ended(nil), .wait(microseconds: 375_000))),
        Case(
            "a server that can't be reached is asked for the watch again and again, from the same version",
            begun, listed,
            Turn(
                .ended(.unreachable("refused")),
                .warn("things.example.com can't be watched: refused"),
                .wait(microseconds: 375_000)),
            Turn(.waited, watch("5")), Turn(.ended(.unreachable("refused")), .wait(microseconds: 750_000)),
            Turn(.waited, watch("5")), opened, Turn(.put("b", version: "6"), .report(.put("b")), .read)),
        Case(
            "a version that is too old in the middle of a watch leads to a list at once",
            begun, listed, opened, Turn(.put("b", version: "6"), .report(.put("b")), .read),
            Turn(.refused(gone), first),
            Turn(.page(["b"], version: "9", next: nil), .report(.listed(["b"])), watch("9"))
        ),
        Case(
            "a version that is too old for a watch to begin leads to a list after a pause",
            begun, listed, Turn(.ended(.refused(gone)), .wait(microseconds: 375_000)), Turn(.waited, first)),
        Case(
            "lists that are always too old don't spin",
            begun, listed, opened, Turn(.refused(gone), .wait(microseconds: 375_000)), Turn(.waited, first), listed,
            opened, Turn(.refused(gone), .wait(microseconds: 750_000)), Turn(.waited, first)),
        Case(
            "another error within a watch is met by watching again, the third time by listing",
            begun, listed, opened,
            Turn(
                .refused(APIStatus(code: 500, message: "etcd")),
                .warn("things.example.com can't be watched: etcd (500)"),
                .wait(microseconds: 375_000)),
            Turn(.waited, watch("5")), opened,
            Turn(.refused(APIStatus(code: 500, message: "etcd")), .wait(microseconds: 750_000)), Turn(.waited, first)),
        Case(
            "a resource that is gone while it is watched is listed for",
            begun, listed, Turn(.ended(refused(404)), .warn(missing), .wait(microseconds: 375_000)),
            Turn(.waited, first)),
        Case(
            "a line that can't be understood leads to a list",
            begun, listed, opened,
            Turn(
                .unreadable("a line of the watch is no JSON"),
                .warn("things.example.com can't be watched: a line of the watch is no JSON"),
                .wait(microseconds: 375_000)),
            Turn(.waited, first)),
    ]

    @Test(arguments: cases)
    func followsACollection(_ example: Case) {
        var reflector = Machine(of: "things.example.com")
        var now: Int64 = 1_000_000
        for (number, turn) in example.turns.enumerated() {
            now += Int64(turn.after * 1_000_000)
            #expect(reflector.step(turn.event, at: now, chance: 0.5) == turn.actions, "turn \(number)")
        }
    }

    @Test(arguments: [(0.0, 300, 125_000), (0.999, 599, 249_875)])
    func chanceSpreadsWatchesAndWaits(_ chance: Double, _ timeout: Int, _ wait: Int64) {
        var reflector = Machine(of: "things")
        _ = reflector.step(.began, at: 0, chance: chance)
        let failed = reflector.step(.listFailed(.unreachable("x")), at: 0, chance: chance)
        #expect(failed.last == .wait(microseconds: wait))
        let actions = reflector.step(.page([], version: "1", next: nil), at: 0, chance: chance)
        #expect(actions.last == .watch(from: "1", timeoutSeconds: timeout))
    }

    @Test func theLongestWaitIsHalfAMinute() {
        var reflector = Machine(of: "things")
        _ = reflector.step(.began, at: 0, chance: 0.999)
        var last: Machine.Action?
        for _ in 0..<100 {
            last = reflector.step(.listFailed(.unreachable("x")), at: 0, chance: 1).last
            _ = reflector.step(.waited, at: 0, chance: 1)
        }
        #expect(last == .wait(microseconds: 30_000_000))
    }
}
