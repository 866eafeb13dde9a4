import Model
import Testing

@Suite("Names that follow from what something is for")
struct NameHashTests {
    @Test func `the same in every process and version`() {
        #expect(NameHash.text("", digits: 12) == "astmw3we518t")
        #expect(NameHash.run(of: "ci", for: "d-1") == NameHash.run(of: "ci", for: "d-1"))
    }

    @Test func `what differs in its last letter alone differs in most digits`() {
        let names = (0..<64).map { NameHash.text("delivery-\($0)/app", digits: 12) }
        for place in 0..<12 {
            let digits = Set(names.map { Array($0)[place] })
            #expect(digits.count > 16, "digit \(place)")
        }
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: [
        ("ci", "ci-"), ("a.b", "a.b-"),
        (String(repeating: "x", count: 80), String(repeating: "x", count: 50) + "-"),
        (String(repeating: "x", count: 49) + "-yz", String(repeating: "x", count: 49) + "-"),
    ])
    func `a run's name begins with its pipeline's and is a name`(_ pipeline: String, _ beginning: String) {
        let name = NameHash.run(of: pipeline, for: "occasion")
        #expect(name.hasPrefix(beginning))
        #expect(name.utf8.count == beginning.utf8.count + 12)
        #expect(TextRule.dnsName.complaint(about: name) == nil)
    }

    @Test func `a repository's hash is the same for all forms of its URL, and a label`() {
        let hash = RunLabels.repositoryHash("https://github.com/acme/app.git")
        #expect(hash == RunLabels.repositoryHash("git@github.com:acme/app"))
        #expect(TextRule.labelValue.complaint(about: hash) == nil)
    }
}
