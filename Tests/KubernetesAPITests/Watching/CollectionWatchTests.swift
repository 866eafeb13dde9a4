import Document
import Synchronization
import Testing

@testable import KubernetesAPI

@Suite(.timeLimit(.minutes(1))) struct CollectionWatchTests {
    /// Follows `things` as text, until the connection has played its script.
    private func follow(_ connection: ScriptedConnection, gate: RequestGate? = nil) async -> [String] {
        let log = Journal()
        let watch = CollectionWatch(
            APIResource(group: "example.com", version: "v1", plural: "things"), namespace: "team", over: connection,
            clock: ClientClock(now: { .zero }) { duration in
                // Waits are over at once, but for the one for a watch that never ends.
                if duration > .seconds(100) { return await ClientClock.system.sleep(.seconds(3600)) }
                return !Task.isCancelled
            }, chance: { 0 }
        ) { node in node["metadata"]?["name"]?.string }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let warn: @Sendable (String) -> Void = { log.add("! \($0)") }
                try? await watch.run(listing: gate, warn: warn) { log.add("\($0)") }
            }
            group.addTask { await connection.untilPlayed() }
            await group.next()
            group.cancelAll()
        }
        return log.lines
    }

    private static func thing(_ name: String, _ version: Int) -> String {
        #"{"metadata":{"name":"\#(name)","resourceVersion":"\#(version)"}}"#
    }

    private static func line(_ type: String, _ name: String, _ version: Int) -> String {
        #"{"type":"\#(type)","object":\#(thing(name, version))}"# + "\n"
    }

    @Test func asksAsTheAPIWantsIt() async {
        let connection = ScriptedConnection([
            .answer(#"{"metadata":{"resourceVersion":"5","continue":"t/1"},"items":[\#(Self.thing("a", 1))]}"#),
            .answer(#"{"metadata":{"resourceVersion":"5"},"items":[\#(Self.thing("b", 2))]}"#),
            .stream([Self.line("ADDED", "c", 6), Self.line("BOOKMARK", "", 8)]),
            .stream([Self.line("DELETED", "a", 9)]),
        ])
        let log = await follow(connection)
        #expect(
            log == [#"listed(["a", "b"])"#, #"put("c")"#, #"deleted("a")"#])
        let path = "/apis/example.com/v1/namespaces/team/things"
        #expect(
            connection.requests == [
                "\(path)?limit=500", "\(path)?limit=500&continue=t/1",
                "\(path)?watch=true&resourceVersion=5&allowWatchBookmarks=true&timeoutSeconds=300",
                "\(path)?watch=true&resourceVersion=8&allowWatchBookmarks=true&timeoutSeconds=300",
                "\(path)?watch=true&resourceVersion=9&allowWatchBookmarks=true&timeoutSeconds=300",
            ])
    }

    @Test func aWatchMayBeCutAnywhereEvenWithinACharacter() async {
        let text = Self.line("ADDED", "käfig", 6) + Self.line("MODIFIED", "日本", 7)
        let bytes = Array(text.utf8)
        let firstLine = Self.line("ADDED", "käfig", 6).utf8.count
        for cut in 0...bytes.count {
            // The server goes on with the first line that was not whole.
            let rest = cut < firstLine ? 0 : cut < bytes.count ? firstLine : cut
            let connection = ScriptedConnection([
                .answer(#"{"metadata":{"resourceVersion":"5"},"items":[]}"#), .cut(Array(bytes[..<cut])),
                .stream([String(decoding: bytes[rest...], as: UTF8.self)]),
            ])
            let log = await follow(connection)
            #expect(
                log.filter { !$0.hasPrefix("!") } == ["listed([])", #"put("käfig")"#, #"put("日本")"#], "cut at \(cut)")
        }
    }

    @Test func anErrorInTheStreamAndAnExpiredListAreMetByListingAnew() async {
        let gone = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"old"}}"# + "\n"
        let connection = ScriptedConnection([
            .answer(#"{"metadata":{"resourceVersion":"5"},"items":[]}"#),
            .stream([Self.line("ADDED", "a", 6), gone]),
            .answer(#"{"metadata":{"resourceVersion":"9","continue":"x"},"items":[]}"#),
            .failure(.refused(APIStatus(code: 410, reason: "Expired"))),
            .answer(#"{"metadata":{"resourceVersion":"10"},"items":[\#(Self.thing("b", 10))]}"#),
        ])
        let log = await follow(connection)
        #expect(log == ["listed([])", #"put("a")"#, #"listed(["b"])"#])
    }

    @Test func whatCannotBeReadIsLeftOutAndTheRestGoesOn() async {
        let connection = ScriptedConnection([
            .answer(#"{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{}},\#(Self.thing("a", 1))]}"#),
            .stream([
                #"{"type":"ADDED","object":{"metadata":{"resourceVersion":"6"}}}"# + "\n", Self.line("ADDED", "b", 7),
            ]),
        ])
        #expect(await follow(connection) == [#"listed(["a"])"#, #"put("b")"#])
    }

    @Test func nobodyWritesWhileAListIsBeingMade() async {
        let gate = RequestGate(limit: 4)
        let order = Journal()
        await gate.enter()
        let connection = ScriptedConnection([
            .answer(#"{"metadata":{"resourceVersion":"5"},"items":[]}"#) { order.add("listed") },
            .stream([Self.line("ADDED", "a", 6)]) { order.add("watched") },
        ])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await follow(connection, gate: gate) }
            group.addTask {
                // The list waits for the one who is through; the second waits for the list.
                order.add("wrote")
                gate.leave()
                await gate.enter()
                order.add("again")
                gate.leave()
            }
        }
        let seen = order.lines
        #expect(seen.first == "wrote")
        #expect(seen.contains("again"))
    }
}

/// What happened, in order.
private final class Journal: Sendable {
    private let state = Mutex<[String]>([])

    var lines: [String] { state.withLock { $0 } }

    func add(_ line: String) { state.withLock { $0.append(line) } }
}
