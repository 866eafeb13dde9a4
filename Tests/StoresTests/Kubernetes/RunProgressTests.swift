import Testing

@testable import Stores

@Suite struct RunProgressTests {
    enum Turn: Sendable {
        /// The watch shows a version, and it is reported or held back.
        case shows(String, reported: Bool)
        case requests
        case answers(RunProgress.Answer)
        case deleted
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var turns: [Turn]

        init(_ sentence: String, _ turns: Turn...) {
            testDescription = sentence
            self.turns = turns
        }
    }

    private static let cases: [Case] = [
        Case(
            "what others change is reported", .shows("b", reported: true), .shows("c", reported: true)),
        Case(
            "an echo after the answer is reported, with what follows",
            .requests, .answers(.version("b")), .shows("b", reported: true), .shows("c", reported: true)),
        Case(
            "an echo before the answer leaves nothing to wait for",
            .requests, .shows("b", reported: true), .answers(.version("b")), .shows("c", reported: true)),
        Case(
            "a change that comes after the echo and before the answer is the newest",
            .requests, .shows("b", reported: true), .shows("c", reported: true), .answers(.version("b")),
            .shows("d", reported: true)),
        Case(
            "what the watch shows before the echo is older than the answer",
            .requests, .answers(.version("d")), .shows("b", reported: false), .shows("c", reported: false),
            .shows("d", reported: true), .shows("e", reported: true)),
        Case(
            "an object that was read after a conflict may be ahead of the watch, and so is what is written upon it",
            .requests, .answers(.version("c")), .requests, .shows("b", reported: false), .answers(.version("d")),
            .shows("c", reported: false), .shows("d", reported: true)),
        Case(
            "the echo of the first of two writes may come while the second is under way",
            .requests, .answers(.version("b")), .requests, .shows("b", reported: true), .answers(.version("c")),
            .shows("c", reported: true)),
        Case(
            "an object that was read as the watch has shown it leaves nothing to wait for",
            .shows("b", reported: true), .requests, .answers(.version("b")), .shows("c", reported: true)),
        Case(
            "a lost answer holds nothing back", .requests, .answers(.nothing), .shows("b", reported: true)),
        Case(
            "a lost answer leaves what was awaited before it",
            .requests, .answers(.version("b")), .requests, .answers(.nothing), .shows("a2", reported: false),
            .shows("b", reported: true)),
        Case(
            "once an answer has said that it is gone, what the watch still shows of it is old",
            .requests, .answers(.gone), .shows("b", reported: false), .shows("c", reported: false), .deleted),
        Case(
            "a deletion that the watch shows first is the end", .requests, .deleted, .answers(.version("b"))),
    ]

    @Test(arguments: cases)
    func nothingOlderThanAnAnswerIsReported(_ example: Case) {
        var run = RunProgress(shown: "a")
        for (number, turn) in example.turns.enumerated() {
            switch turn {
            case .shows(let version, let reported): #expect(run.shows(version) == reported, "turn \(number)")
            case .requests: run.requested()
            case .answers(let answer): run.answered(answer)
            case .deleted: run.wasDeleted()
            }
        }
    }

    /// Every order in which a user's changes, own writes, their answers and the watch can come: what is reported is
    /// never older than an answer that has come, and the newest version is reported in the end or was an answer.
    @Test(arguments: 0..<4000)
    func neitherIsAnythingElseInAnyOrder(_ seed: UInt64) {
        var random = SplitMix(seed)
        var run = RunProgress(shown: "0")
        // Versions in the order of the server; the watch is at `shown`.
        var newest = 0
        var shown = 0
        var newestAnswer = 0
        var newestReport = 0
        /// A request that is under way, and the version that it will say.
        var pending: Int?
        for _ in 0..<30 {
            switch random.below(5) {
            case 0: newest += 1
            case 1 where pending == nil:
                run.requested()
                // A write makes a version; a read after a conflict finds the newest.
                if random.below(2) == 0 { newest += 1 }
                pending = newest
            case 2:
                guard let version = pending else { continue }
                pending = nil
                let isLost = random.below(4) == 0
                run.answered(isLost ? .nothing : .version("\(version)"))
                if !isLost { newestAnswer = max(newestAnswer, version) }
            default:
                guard shown < newest else { continue }
                shown += 1
                guard run.shows("\(shown)") else {
                    #expect(shown < newestAnswer, "held back although it is news")
                    continue
                }
                #expect(shown >= newestAnswer, "older than an answer")
                newestReport = shown
            }
        }
        while shown < newest {
            shown += 1
            if run.shows("\(shown)") { newestReport = shown }
        }
        #expect(max(newestReport, newestAnswer) == newest)
    }

    @Test func runsThatAreGoneStayGone() {
        var runs = RunsInSight()
        runs.listed([])
        #expect(runs.shows("a", of: "u") == true)
        #expect(runs.wasDeleted("u") == true)
        #expect(runs.wasDeleted("u") == false)
        #expect(runs.shows("b", of: "u") == false)
        #expect(runs.isGone("u"))
        #expect(runs.count == 0)
    }

    @Test func aRunThatIsFoundBeforeTheWatchShowsItIsNotShownOlder() {
        var runs = RunsInSight()
        runs.listed([])
        #expect(runs.found("b", of: "u") == true)
        #expect(runs.shows("a", of: "u") == false)
        #expect(runs.shows("b", of: "u") == true)
        #expect(runs.shows("c", of: "u") == true)
    }

    @Test func aRunThatTheWatchHasShownMeanwhileIsAsTheWatchShowsIt() {
        var runs = RunsInSight()
        runs.listed([])
        #expect(runs.shows("a", of: "u") == true)
        #expect(runs.shows("b", of: "u") == true)
        #expect(runs.found("a", of: "u") == true)
        #expect(runs.shows("c", of: "u") == true)
        #expect(runs.found(nil, of: "other") == false)
        #expect(runs.isGone("other"))
    }

    @Test func onlySoManyTextsAreRemembered() {
        var texts = RecentTexts(limit: 2)
        #expect(texts.insert("a") == true)
        #expect(texts.insert("b") == true)
        #expect(texts.insert("a") == false)
        #expect(texts.insert("c") == true)
        #expect(!texts.contains("a"))
        #expect(texts.contains("b"))
        #expect(texts.contains("c") == true)
    }
}

/// SplitMix64.
private struct SplitMix {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15
    }

    mutating func below(_ bound: UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return (mixed ^ (mixed >> 31)) % bound
    }
}
