import Testing

@testable import HTTPClient

/// Event by event, without any network.
@Suite struct StreamBufferTests {
    @Test func `bytes go to who waits, else they are kept until somebody asks`() {
        var buffer = StreamBuffer(limit: 4)
        #expect(buffer.take() == .wait)
        #expect(buffer.receive([1]) == .handOver([1]))
        #expect(buffer.receive([2]) == .held)
        #expect(buffer.receive([3]) == .held)
        #expect(buffer.take() == .bytes([2, 3], goesOn: false))
        #expect(buffer.take() == .wait)
    }

    @Test func `beyond the limit nothing is taken until somebody asks`() {
        var buffer = StreamBuffer(limit: 4)
        #expect(buffer.receive([1, 2, 3]) == .held)
        #expect(buffer.receive([4, 5]) == .paused)
        #expect(buffer.receive([4, 5]) == .paused)
        #expect(buffer.take() == .bytes([1, 2, 3], goesOn: true))
        #expect(buffer.receive([4, 5]) == .held)
        #expect(buffer.take() == .bytes([4, 5], goesOn: false), "it isn't paused any more")
    }

    @Test func `a piece larger than the limit is taken when there is nothing else`() {
        var buffer = StreamBuffer(limit: 1)
        #expect(buffer.receive([1, 2, 3]) == .held)
        #expect(buffer.take() == .bytes([1, 2, 3], goesOn: false))
    }

    @Test func `the end comes after what is kept, and the first end counts`() {
        var buffer = StreamBuffer(limit: 4)
        #expect(buffer.receive([1]) == .held)
        #expect(buffer.finish(nil) == false)
        #expect(buffer.finish(HTTPError(.brokenOff, "")) == false)
        #expect(buffer.receive([2]) == .unwanted)
        #expect(buffer.take() == .bytes([1], goesOn: false))
        #expect(buffer.take() == .ended)
        #expect(buffer.take() == .ended)
    }

    @Test func `who waits is told of the end`() {
        var buffer = StreamBuffer(limit: 4)
        #expect(buffer.take() == .wait)
        #expect(buffer.finish(HTTPError(.brokenOff, "cut")) == true)
        #expect(buffer.take() == .failed(HTTPError(.brokenOff, "cut")))
    }

    @Test func `cancelling drops what is kept`() {
        var buffer = StreamBuffer(limit: 4)
        #expect(buffer.receive([1]) == .held)
        #expect(buffer.cancel() == false)
        #expect(buffer.receive([2]) == .unwanted)
        #expect(buffer.take() == .failed(.cancelled()))
    }
}

@Suite struct HeadParserTests {
    private func read(_ lines: String...) -> [HeadParser.Outcome] {
        var parser = HeadParser()
        return lines.map { parser.read(Array("\($0)\r\n".utf8)) }
    }

    @Test func `a head is its last status line and the fields after it`() {
        let outcomes = read(
            "HTTP/1.1 100 Continue", "X: interim", "", "HTTP/2 200 ", "A:b", "C: \t d e \t", "Empty:", "no field", "")
        let head = HTTPHead(status: 200, headers: ["A": "b", "C": "d e", "Empty": ""], version: "2")
        #expect(outcomes == [HeadParser.Outcome](repeating: .goesOn, count: 8) + [.complete(head)])
    }

    @Test func `lines after the head, which are trailers, are nobody's`() {
        #expect(read("HTTP/1.1 204 None", "", "X: trailer", "").dropFirst(2) == [.goesOn, .goesOn])
    }

    @Test func `a status line that makes no sense has status 0, and never completes`() {
        #expect(read("HTTP/1.1 abc", "") == [.goesOn, .goesOn])
        #expect(read("HTTP/1.1", "") == [.goesOn, .goesOn])
    }
}

@Suite struct HiddenValueTests {
    @Test func `secrets and headers show neither printed nor dumped`() {
        let secret = Secret("hush")
        let request = HTTPRequest("GET", "https://host/path", headers: ["Authorization": "Bearer hush"])
        let identity = TLSSettings.Identity(certificate: .file("c.pem"), key: .pem(secret))
        let settings = HTTPClientSettings(tls: TLSSettings(identity: identity), proxy: .url("http://me:hush@proxy"))
        for value in [secret, request, settings, request.headers] as [Any] {
            var dumped = ""
            dump(value, to: &dumped)
            let texts = ["\(value)", String(reflecting: value), dumped]
            #expect(texts.allSatisfy { !$0.contains("hush") && !$0.contains("104") }, "\(texts)")
        }
    }
}
