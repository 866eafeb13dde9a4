import Document
import Testing

/// `--journal` and `martlet replay`, on real runs.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ReplayTests {
    @Test func whatARealRunDecidedIsDerivedAgainFromItsJournal() async throws {
        try await withHome { home in
            try home.write(
                Manifest.pipeline(
                    "p",
                    [
                        Stage("a", script: "echo digest=1 >> \"$MARTLET_RESULTS\""),
                        Stage("flaky", "retry: {limit: 1, backoffSeconds: 1}", script: "test $MARTLET_ATTEMPT = 2"),
                        Stage("c", needs: ["a", "flaky"], script: "exit 3"), Stage("d", needs: ["c"], script: "true"),
                    ]),
                to: "p.yaml")
            #expect(try await home.martlet("run", "p.yaml", "--journal", "j").code == 1)
            #expect(try await home.martlet("run", "p.yaml", "--journal", "j").code == 1)
            let replay = try await home.martlet("replay", "j", "-o", "json")
            #expect(replay.code == 0)
            let found = try parseJSON(replay.output)
            #expect(found["starts"]?.int == 2)
            #expect(try #require(found["decisions"]?.int) > 20)
            #expect(found["differences"]?.array?.isEmpty == true)
        }
    }

    @Test func aJournalThatTellsAnotherStoryFails() async throws {
        try await withHome { home in
            try home.write(Manifest.pipeline("p", [Stage("a", script: "exit 3")]), to: "p.yaml")
            try await home.martlet("run", "p.yaml", "--journal", "j")
            let journal = try home.read("j")
            let forged = journal.replacing("\"state\":\"Failed\"", with: "\"state\":\"Succeeded\"")
            #expect(forged != journal)
            try home.write(forged, to: "forged")
            let replay = try await home.martlet("replay", "forged")
            #expect(replay.code == 1)
            #expect(replay.output.contains(".state differs"))
            #expect(replay.output.contains("derived:  \"Failed\""))
        }
    }

    @Test func whatAKillHasTornIsLeftOutAndWhatIsNoJournalIsRefused() async throws {
        try await withHome { home in
            try home.write(Manifest.pipeline("p", [Stage("a", script: "true")]), to: "p.yaml")
            try await home.martlet("run", "p.yaml", "--journal", "j")
            let journal = try home.read("j")
            try home.write(String(journal.dropLast(40)), to: "j")
            try await home.martlet("run", "p.yaml", "--journal", "j")
            let replay = try await home.martlet("replay", "j")
            #expect(replay.code == 0)
            #expect(replay.output.contains("is incomplete: the process that wrote it was killed"))
            #expect(try await home.martlet("replay", "p.yaml").code == 2)
            #expect(try await home.martlet("replay", "nowhere").code == 2)
            #expect(try await home.martlet("run", "p.yaml", "--journal", "no/such/folder/j").code == 2)
            let manifest = try home.read("p.yaml")
            #expect(try await home.martlet("run", "p.yaml", "--journal", "p.yaml").code == 2)
            #expect(try home.read("p.yaml") == manifest)
            try home.write("", to: "empty")
            #expect(try await home.martlet("replay", "empty").code == 2)
        }
    }
}
