import AgentProtocol
import Document
import Execution
import Model
import Testing

@testable import Agent

/// A real script does its best to show a secret, by accident.
@Suite struct SecretEndToEndTests {
    private static let secret = "Zürich \"q\"/<b>&tail\\end'x+~ 0123456789-abcdefghij\nsecond-line-of-it\n"

    /// Prints the secret in every form it knows, and writes each of them into a file of the test's.
    private static let script = #"""
        #!/usr/bin/env python3
        import base64, html, json, os, sys, time, urllib.parse
        secret = open(os.environ["KEY_FILE"]).read().rstrip("\n")
        assert os.environ["TOKEN"] == secret
        forms = {"raw": secret, "line": secret.split("\n")[1]}
        for prefix in ["", "a", "ab", "user:"]:
            data = (prefix + secret).encode()
            forms["base64 " + prefix] = base64.b64encode(data).decode()
            forms["wrapped " + prefix] = base64.encodebytes(data).decode()
            forms["url-safe " + prefix] = base64.urlsafe_b64encode(data).decode()
        forms["quote"] = urllib.parse.quote(secret)
        forms["quote all"] = urllib.parse.quote(secret, safe="")
        forms["quote plus"] = urllib.parse.quote_plus(secret)
        forms["json"] = json.dumps(secret)[1:-1]
        forms["json utf-8"] = json.dumps(secret, ensure_ascii=False)[1:-1]
        forms["html"] = html.escape(secret)
        with open(os.environ["FORMS"], "w") as file: json.dump(list(forms.items()), file)
        with open(os.environ["MARTLET_RESULTS"], "a") as results:
            for number, form in enumerate(list(forms.values())[:12]):
                results.write("r%d<<END-OF-VALUE\n%s\nEND-OF-VALUE\n" % (number, form))
            results.write("second-line-of-it=x\n")
            results.write("bad name %s=x\n" % secret.split("\n")[0])
        for name, form in forms.items():
            print("form", name, form, "end", flush=True)
            print("error", form, file=sys.stderr, flush=True)
            # In two reads, at several places.
            for place in (1, len(form) // 2, len(form) - 1):
                sys.stdout.write(form[:place]); sys.stdout.flush(); time.sleep(0.01)
                sys.stdout.write(form[place:] + "\n"); sys.stdout.flush()
        print("last " + secret.split("\n")[0])
        sys.exit(3)
        """#

    private func secrets(_ work: inout StageWork) {
        for (env, file) in [("TOKEN", nil), (nil, "KEY_FILE")] as [(String?, String?)] {
            var use = SecretUse()
            use.name = "token"
            use.env = env
            use.file = file
            work.secrets.append(use)
        }
    }

    /// All that leaves the agent about an attempt, as it goes over the wire.
    private func sent(_ bench: WorkExecutorTests.Bench, _ outcome: Model.StageOutcome) -> String {
        let report = AgentReport(fence: fence(1), agent: "a", instance: "i", digest: "d", event: .finished(outcome))
        let result = Envelope(
            id: "", source: "", installation: "", time: Timestamp(seconds: 0), message: .report(report))
        return bench.text + String(decoding: result.value, as: UTF8.self) + (outcome.message ?? "")
            + outcome.results.map { "\($0.name)=\($0.value)" }.joined(separator: "\n")
            + outcome.annotations.map { "\($0.path) \($0.rule ?? "") \($0.message)" }.joined(separator: "\n")
    }

    private func isShown(_ form: String, in text: String) -> Bool {
        let bytes = form.utf8.filter { $0 != UInt8(ascii: "\n") }
        // What stands before and behind the value is part of the first and last digits of base64.
        let core = bytes.count > 32 ? Array(bytes.dropFirst(8).dropLast(8)) : bytes
        return contains(text.utf8.filter { $0 != UInt8(ascii: "\n") }, core)
    }

    private func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        text.indices.contains { start in
            text[start] == part[0] && start + part.count <= text.count
                && text[start..<start + part.count].elementsEqual(part)
        }
    }

    @Test func `a script that shows its secret in every form shows none`() async throws {
        let bench = WorkExecutorTests.Bench()
        try bench.folder.write(Self.secret, to: "secrets/token")
        let list = "\(bench.folder.path)/forms.json"
        let outcome = await bench.script(Self.script) { work in
            secrets(&work)
            var variable = EnvironmentVariable()
            variable.name = "FORMS"
            variable.value = list
            work.env.append(variable)
        }
        #expect(outcome.exitCode == 3, "\(bench.text)")
        #expect(outcome.message == "exit code 3: last ***")
        let forms = try SecretForm.read(list)
        #expect(forms.count == 20)
        let sent = sent(bench, outcome)
        for form in forms {
            #expect(!isShown(form.text, in: sent), "\(form.name)")
            #expect(isShown(form.text, in: "before \(form.text) behind"), "\(form.name): or it would prove nothing")
        }
        #expect(outcome.results.count == 12)
        #expect(!outcome.results.contains { $0.name == "second-line-of-it" })
        #expect(bench.text.split(separator: "\n").count { $0.hasPrefix("form ") } == forms.count)
        await bench.folder.remove()
    }

    @Test func `a tool's findings and a test's name show none either`() async throws {
        let bench = WorkExecutorTests.Bench()
        try bench.folder.write(Self.secret, to: "secrets/token")
        let folder = "\(bench.folder.path)/origin"
        let made = await bench.run(9) {
            $0.script = """
                git init -q \(folder) && cd \(folder) && git config user.email a@b && git config user.name n
                cat > test_leak.py <<'END'
                import base64
                import os
                import unittest

                SECRET = open(os.environ["KEY_FILE"]).read().strip()


                class Leaks(unittest.TestCase):
                    pass


                def leak(self):
                    self.fail(SECRET + base64.b64encode(b"x" + SECRET.encode()).decode())


                setattr(Leaks, "test_" + SECRET.split("\\n")[1], leak)
                END
                git add . && git commit -qm one && git rev-parse HEAD | sed 's/^/commit=/' >> $MARTLET_RESULTS
                """
        }
        let commit = try #require(made.results.first { $0.name == "commit" }?.value)
        let outcome = await bench.run {
            $0.script = nil
            $0.kind = "test"
            $0.source = ResolvedSource(url: "file://\(folder)", revision: commit)
            secrets(&$0)
        }
        #expect(outcome.result == .failed)
        #expect(outcome.message?.contains("1 of 1 tests failed") == true, "\(bench.text)")
        #expect(outcome.annotations.count == 1)
        let sent = sent(bench, outcome)
        for part in Self.secret.split(separator: "\n") { #expect(!sent.contains(part)) }
        #expect(sent.contains("***"))
        await bench.folder.remove()
    }

    @Test(arguments: [
        ("https://host/repo refused the credentials: remote: bad password hunter2-token", "***"),
        ("git failed for https://host/repo: fatal: unable to access 'https://me:hunter2-token@host/repo'", "***"),
        // Cut by whoever made the message.
        ("could not be reached: hunter2-to", "***"),
        ("Authorization: Basic bWU6aHVudGVyMi10b2tlbg==", "***"),
    ])
    func `what git says about a repository doesn't give away its password`(_ message: String, _ mark: String) throws {
        var work = StageWork()
        work.credentials = "git"
        let secrets = try StageSecrets(
            work, in: SecretStore(folder: nil, environment: ["MARTLET_SECRET_GIT": "me:hunter2-token"]))
        let outcome = secrets.masked(.failure(Reason.sourceUnavailable, message))
        let shown = try #require(outcome.message)
        #expect(shown.contains(mark))
        for leak in ["hunter2", "bWU6aHVudGVyMi10b2tl", "HVudGVyMi1"] { #expect(!shown.contains(leak)) }
    }

    @Test func `a password in a repository's URL is hidden, too`() throws {
        var work = StageWork()
        work.source = ResolvedSource(url: "https://me:hunter2%2Ftoken@host/repo", revision: "a")
        let secrets = try StageSecrets(work, in: SecretStore(folder: nil, environment: [:]))
        let outcome = secrets.masked(.failure(Reason.failure, "https://me:hunter2%2Ftoken@host or hunter2/token"))
        #expect(outcome.message == "https://me:***@host or ***")
    }
}

/// One form, as the script has written it down.
private struct SecretForm {
    var name: String
    var text: String

    static func read(_ path: String) throws -> [SecretForm] {
        let (bytes, _) = try FileSystem.read(path, limit: 1 << 20)
        let pairs = try #require(try parseJSON(bytes).array)
        return try pairs.map { pair in
            SecretForm(
                name: try #require(pair.array?.first?.string), text: try #require(pair.array?.last?.string))
        }
    }
}
