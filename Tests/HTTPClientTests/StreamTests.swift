import HTTPClient
import HTTPTestSupport
import Testing

/// Responses that go on.
@Suite struct StreamTests {
    @Test func `bytes arrive when they are written, until the end`() async throws {
        let go = [Signal(), Signal(), Signal()]
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.beginChunks()
            go[0].block()
            connection.chunk("one")
            go[1].block()
            connection.chunk("two")
            go[2].block()
            connection.endChunks()
        }
        try await withClient { client in
            let stream = try await client.stream(HTTPRequest("GET", server.url, timeoutSeconds: 5))
            #expect(stream.head.status == 200)
            for (signal, text) in zip(go, ["one", "two", nil] as [String?]) {
                async let next = stream.text()
                signal.give()
                #expect(try await next == text)
            }
            #expect(try await stream.text() == nil, "and it stays ended")
        }
    }

    @Test func `what had come before the connection broke is still read`() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.beginChunks()
            connection.chunk("half")
        }
        try await withClient { client in
            let stream = try await client.stream(HTTPRequest("GET", server.url))
            #expect(try await stream.text() == "half")
            let error = await httpError { () throws(HTTPError) in try await stream.next() }
            #expect(error?.kind == .brokenOff && error?.isRetriable == true)
            #expect(await httpError { () throws(HTTPError) in try await stream.next() } == error, "and again")
        }
    }

    @Test func `what nobody reads stays with the server, and holds up nobody`() async throws {
        // Far more than the kernel keeps for a connection; each block differs from the others.
        let whole = (0..<64).flatMap { number in [UInt8](repeating: UInt8(number), count: 512 << 10) }
        let stuck = Record<Int>()
        let isStuck = Signal()
        let server = try ScriptedServer { connection in
            guard connection.request()?.target == "/much" else { return connection.respond(200, "quick") }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(whole.count)\r\n\r\n")
            let sent = connection.writeUntilBlocked(whole, milliseconds: 300)
            stuck.append(sent)
            isStuck.give()
            connection.write(Array(whole[sent...]))
        }
        try await withClient { client in
            let stream = try await client.stream(HTTPRequest("GET", server.url + "/much"))
            await isStuck.wait()
            let sent = try #require(stuck.entries.first)
            #expect(sent < whole.count, "the server could write no more than what sockets hold")

            #expect(try await client.answer(HTTPRequest("GET", server.url)).text == "quick")
            let other = try await client.stream(HTTPRequest("GET", server.url))
            #expect(try await other.text() == "quick")

            let received = try await stream.rest()
            #expect(received == whole, "and all of it in the end, in order")
        }
    }

    @Test func `cancelling ends the reader and the connection`() async throws {
        let gone = Signal()
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.beginChunks()
            connection.waitForEnd()
            gone.give()
        }
        try await withClient { client in
            let stream = try await client.stream(HTTPRequest("GET", server.url))
            let reader = Task { await httpError { () throws(HTTPError) in try await stream.next() } }
            stream.cancel()
            stream.cancel()
            #expect(await reader.value?.kind == .cancelled)
            await gone.wait()
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a task that is cancelled before it asks for a stream gets none`() async throws
    {
        try await withClient { client in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return await httpError { () throws(HTTPError) in
                    try await client.stream(HTTPRequest("GET", "http://127.0.0.1:1/"))
                }
            }
            task.cancel()
            #expect(await task.value?.kind == .cancelled)
        }
    }

    @Test func `cancelling the reader's task ends the stream`() async throws {
        let gone = Signal()
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.beginChunks()
            connection.chunk("x")
            connection.waitForEnd()
            gone.give()
        }
        try await withClient { client in
            let stream = try await client.stream(HTTPRequest("GET", server.url))
            #expect(try await stream.text() == "x")
            let reader = Task { await httpError { () throws(HTTPError) in try await stream.next() } }
            reader.cancel()
            #expect(await reader.value?.kind == .cancelled)
            await gone.wait()
        }
    }

    @Test func `a stream that is dropped closes its connection, paused or not`() async throws {
        let gone = [Signal(), Signal()]
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.beginChunks()
            if connection.number == 1 {
                connection.chunk(String(repeating: "x", count: 1 << 20))
            }
            connection.waitForEnd()
            gone[connection.number].give()
        }
        try await withClient { client in
            for signal in gone {
                _ = try await client.stream(HTTPRequest("GET", server.url))
                await signal.wait()
            }
        }
    }

    @Test func `a stream outlives a client that nobody holds any more`() async throws {
        let go = Signal()
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.beginChunks()
            go.block()
            connection.chunk("late")
            connection.endChunks()
        }
        let stream = try await {
            try await HTTPClient(HTTPClientSettings(proxy: .none)).stream(HTTPRequest("GET", server.url))
        }()
        go.give()
        #expect(String(decoding: try await stream.rest(), as: UTF8.self) == "late")
    }

    @Test func `closing the client ends its streams`() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.beginChunks()
            connection.waitForEnd()
        }
        let client = try HTTPClient(HTTPClientSettings(proxy: .none))
        let stream = try await client.stream(HTTPRequest("GET", server.url))
        let reader = Task { await httpError { () throws(HTTPError) in try await stream.next() } }
        await client.close()
        #expect(await reader.value?.kind == .closed)
    }

    @Test func `a head that doesn't come in time is an error`() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.waitForEnd()
        }
        try await withClient { client in
            let error = await httpError { () throws(HTTPError) in
                try await client.stream(HTTPRequest("GET", server.url, timeoutSeconds: 2))
            }
            #expect(error?.kind == .timedOut && error?.nothingSent == false)
        }
    }

    @Test func `an answer that refuses is read like any other, but has to end in time`() async throws {
        let server = try ScriptedServer { connection in
            let request = connection.request()
            connection.beginChunks(403)
            connection.chunk("no")
            if request?.target == "/hangs" { connection.waitForEnd() }
            connection.endChunks()
        }
        try await withClient { client in
            let refused = try await client.stream(HTTPRequest("GET", server.url))
            #expect(refused.head.status == 403)
            #expect(String(decoding: try await refused.rest(), as: UTF8.self) == "no")

            let hanging = try await client.stream(HTTPRequest("GET", server.url + "/hangs", timeoutSeconds: 2))
            #expect(try await hanging.text() == "no")
            #expect(await httpError { () throws(HTTPError) in try await hanging.next() }?.kind == .timedOut)
        }
    }

    @Test func `a server that is there and says nothing is given up where that is wished`() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.beginChunks()
            connection.waitForEnd()
        }
        try await withClient { client in
            let stream = try await client.stream(HTTPRequest("GET", server.url, idleSeconds: 1))
            #expect(await httpError { () throws(HTTPError) in try await stream.next() }?.kind == .timedOut)
        }
    }
}
