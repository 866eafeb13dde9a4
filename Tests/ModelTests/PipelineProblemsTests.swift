import Document
import Model
import Testing

@Suite struct PipelineProblemsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var json: String
        var expect: [String]

        init(_ name: String, _ json: String, _ expect: String...) {
            testDescription = name
            self.json = json
            self.expect = expect
        }
    }

    /// A pipeline's problems, without the `f: error: ` that all lines begin with.
    static func problems(_ json: String) throws -> [String] {
        let (spec, read) = FieldReader.read(PipelineSpec.self, from: try parseJSON(json), strict: false)
        try #require(read == [])
        return spec.problems(at: FieldPath()).map { String($0.line(file: "f").dropFirst("f: error: ".count)) }
    }

    @Test(arguments: [
        Case("a pipeline that is right", #"{"stages":[{"name":"lint"},{"name":"test","needs":["lint"]}]}"#),
        Case(
            "two stages of one name", #"{"stages":[{"name":"lint"},{"name":"lint"}]}"#,
            "stages[1].name: another stage is also named `lint` (rename one of them)"),
        Case(
            "a name that finally has too", #"{"stages":[{"name":"lint"}],"finally":[{"name":"lint"}]}"#,
            "finally[0].name: another stage is also named `lint` (`stages` and `finally` share names)"),
        Case(
            "a need that is nearly right", #"{"stages":[{"name":"lint"},{"name":"test","needs":["lnt"]}]}"#,
            "stages[1].needs[0]: there is no stage `lnt` (did you mean `lint`?)"),
        Case(
            "a need of itself", #"{"stages":[{"name":"lint","needs":["lint"]}]}"#,
            "stages[0].needs[0]: a stage can't need itself"),
        Case(
            "a need twice", #"{"stages":[{"name":"lint"},{"name":"test","needs":["lint","lint"]}]}"#,
            "stages[1].needs[1]: `lint` is listed twice"),
        Case(
            "a circle",
            #"{"stages":[{"name":"lint","needs":["build"]},{"name":"test","needs":["lint"]},{"name":"build","needs":["test"]}]}"#,
            "stages[0].needs[0]: these stages need each other: lint → build → test → lint (remove one of these needs)"),
        Case(
            "two circles",
            #"{"stages":[{"name":"lint","needs":["test"]},{"name":"test","needs":["lint"]},{"name":"build","needs":["lint","security"]},{"name":"security","needs":["build"]}]}"#,
            "stages[0].needs[0]: these stages need each other: lint → test → lint (remove one of these needs)",
            "stages[2].needs[1]: these stages need each other: build → security → build (remove one of these needs)"),
        Case(
            "a stage that needs one of finally",
            #"{"stages":[{"name":"lint","needs":["build"]}],"finally":[{"name":"build"}]}"#,
            "stages[0].needs[0]: `build` is a stage of `finally`, which runs last"),
        Case(
            "a stage of finally that needs one of stages",
            #"{"stages":[{"name":"lint"}],"finally":[{"name":"build","needs":["lint"]}]}"#,
            "finally[0].needs[0]: a stage of `finally` can't need `lint`: it runs once all of `stages` have ended (leave this need out)"
        ),
        Case(
            "an order within finally",
            #"{"stages":[{"name":"lint"}],"finally":[{"name":"build"},{"name":"test","needs":["build"]}]}"#),
        Case(
            "a circle within finally",
            #"{"stages":[{"name":"lint"}],"finally":[{"name":"build","needs":["test"]},{"name":"test","needs":["build"]}]}"#,
            "finally[0].needs[0]: these stages need each other: build → test → build (remove one of these needs)"),
    ])
    func `names and needs`(_ example: Case) throws {
        #expect(try Self.problems(example.json) == example.expect)
    }

    @Test(arguments: [
        Case(
            "a shell stage without a script", #"{"stages":[{"name":"deploy"}]}"#,
            "stages[0]: `run` is missing: shell agents only run scripts (add `run:`, or say with `agent:` which of lint, test, build, security it is)"
        ),
        Case(
            "a slip in a kind's name", #"{"stages":[{"name":"tests"}]}"#,
            "stages[0]: `run` is missing: shell agents only run scripts (did you mean `name: test`?)"),
        Case("an agent of somebody's own", #"{"stages":[{"name":"deploy","agent":"terraform"}]}"#),
        Case(
            "a kind that has another use", #"{"stages":[{"name":"a","agent":"presence"}]}"#,
            "stages[0].agent: no agent can be of the kind `presence`: its topic has another use"),
        Case(
            "an approval with what an agent would need",
            #"{"stages":[{"name":"go","approval":{},"run":"x","agent":"a","agentSelector":{"a":"b"},"with":{"a":"b"},"env":[{"name":"A","value":""}],"secrets":[{"name":"s","env":"B"}],"retry":{},"matrix":{"axes":[{"name":"a","values":["1"]}]},"priority":1}]}"#,
            "stages[0].run: an approval has no `run`: no agent has a part in it (put it into a stage that needs `go`)",
            "stages[0].agent: an approval has no `agent`: no agent has a part in it (put it into a stage that needs `go`)",
            "stages[0].agentSelector: an approval has no `agentSelector`: no agent has a part in it (put it into a stage that needs `go`)",
            "stages[0].with: an approval has no `with`: no agent has a part in it (put it into a stage that needs `go`)",
            "stages[0].env: an approval has no `env`: no agent has a part in it (put it into a stage that needs `go`)",
            "stages[0].secrets: an approval has no `secrets`: no agent has a part in it (put it into a stage that needs `go`)",
            "stages[0].retry: an approval has no `retry`: no agent has a part in it (put it into a stage that needs `go`)",
            "stages[0].matrix: an approval has no `matrix`: no agent has a part in it (put it into a stage that needs `go`)",
            "stages[0].priority: an approval has no `priority`: no agent has a part in it (put it into a stage that needs `go`)"
        ),
        Case(
            "an approval as it should be",
            #"{"stages":[{"name":"lint"},{"name":"go","needs":["lint"],"when":[{"input":"$(source.branch)","operator":"In","values":["main"]}],"timeoutSeconds":60,"approval":{"message":"Ship it?"}}]}"#
        ),
        Case(
            "an approval in finally", #"{"stages":[{"name":"lint"}],"finally":[{"name":"go","approval":{}}]}"#,
            "finally[0].approval: an approval can't be a stage of `finally`: a cancelled run would wait for a person"),
        Case(
            "variables with two sources, or of Martlet's own",
            #"{"stages":[{"name":"lint","env":[{"name":"A","value":"1"},{"name":"A","value":"2"},{"name":"MARTLET_X","value":""}],"secrets":[{"name":"s","env":"A"},{"name":"s","file":"B"},{"name":"s","file":"B"}]}]}"#,
            "stages[0].env[1].name: another variable of this stage is also named `A`",
            "stages[0].env[2].name: variables that begin with MARTLET_ are Martlet's own",
            "stages[0].secrets[0].env: another variable of this stage is also named `A`",
            "stages[0].secrets[2].file: another variable of this stage is also named `B`"),
        Case(
            "a secret for nothing, and one for both",
            #"{"stages":[{"name":"lint","secrets":[{"name":"s"},{"name":"t","env":"A","file":"B"}]}]}"#,
            "stages[0].secrets[0]: says neither `env` nor `file` (exactly one of them names the variable that gets the value, or the path of a file with it)",
            "stages[0].secrets[1]: says both `env` and `file` (exactly one of them names the variable that gets the value, or the path of a file with it)"
        ),
        Case(
            "a retry that makes no sense",
            #"{"stages":[{"name":"lint","retry":{"limit":2,"backoffSeconds":600,"reasons":[]}}]}"#,
            "stages[0].retry.backoffSeconds: the first wait (600 s) is longer than the longest (300 s) (raise `maxBackoffSeconds`)",
            "stages[0].retry.reasons: has no item, so that nothing is ever tried again"),
        Case(
            "a clause without values",
            #"{"stages":[{"name":"lint","when":[{"input":"a","operator":"In","values":[]}]}]}"#,
            "stages[0].when[0].values: must have at least one item"),
    ])
    func `fields of a stage`(_ example: Case) throws {
        #expect(try Self.problems(example.json) == example.expect)
    }

    @Test(arguments: [
        Case(
            "a matrix that is right",
            #"{"stages":[{"name":"test","matrix":{"axes":[{"name":"a","values":["1","2"]},{"name":"b","values":["x","y"]}],"exclude":[{"a":"1","b":"x"}]}}]}"#
        ),
        Case(
            "an axis without values, values and axes twice",
            #"{"stages":[{"name":"test","matrix":{"axes":[{"name":"a","values":[]},{"name":"b","values":["x","x"]},{"name":"b","values":["y"]},{"name":"B","values":["z"]}]}}]}"#,
            "stages[0].matrix.axes[0].values: must have at least one item",
            "stages[0].matrix.axes[1].values[1]: `x` is listed twice",
            "stages[0].matrix.axes[2].name: another axis is also named `b` (rename one of them)",
            "stages[0].matrix.axes[3].name: `B` and `b` would share the variable MARTLET_MATRIX_B (rename one of them)"),
        Case(
            "exclusions of what is not there",
            #"{"stages":[{"name":"test","matrix":{"axes":[{"name":"python","values":["3.11","3.12"]}],"exclude":[{"pyton":"3.11"},{"python":"3.13"},{}]}}]}"#,
            "stages[0].matrix.exclude[0].pyton: there is no axis `pyton` (did you mean `python`?)",
            "stages[0].matrix.exclude[1].python: the axis `python` has no value `3.13` (did you mean `3.11`?)",
            "stages[0].matrix.exclude[2]: is empty, and would leave out everything"),
        Case(
            "exclusions of everything",
            #"{"stages":[{"name":"test","matrix":{"axes":[{"name":"a","values":["1"]}],"exclude":[{"a":"1"}]}}]}"#,
            "stages[0].matrix.exclude: leaves no combination"),
    ])
    func `matrices`(_ example: Case) throws {
        #expect(try Self.problems(example.json) == example.expect)
    }

    @Test(arguments: [
        Case(
            "every reference that has a value",
            #"{"params":[{"name":"p"}],"stages":[{"name":"build"},{"name":"test","needs":["build"],"matrix":{"axes":[{"name":"py","values":["1","2"]}]},"with":{"a":"$(matrix.py) $(params.p) $(stages.build.results.image)"}},{"name":"lint","needs":["test"],"env":[{"name":"A","value":"$(stages.test.1.results.x)$(stages.build.results.y)$(run.uid)$(source.tag) $$(x)"}],"when":[{"input":"$(params.p)","operator":"In","values":["$(source.branch)"]}]}],"finally":[{"name":"security","with":{"a":"$(stages.test.0.results.x)"}}],"concurrency":{"group":"$(params.p)-$(source.branch)-$(run.pipeline)"}}"#
        ),
        Case(
            "parameters that are not declared",
            #"{"params":[{"name":"image"}],"stages":[{"name":"lint","with":{"a":"$(params.imgae) $(params.imgae)"},"when":[{"input":"$(params.x)","operator":"In","values":["$(params.y)"]}]}]}"#,
            "stages[0].with.a: there is no parameter `imgae` (did you mean `$(params.image)`?)",
            "stages[0].when[0].input: there is no parameter `x` (declare it in `params`)",
            "stages[0].when[0].values[0]: there is no parameter `y` (declare it in `params`)"),
        Case(
            "results that are not there in time",
            #"{"stages":[{"name":"build"},{"name":"test","with":{"a":"$(stages.build.results.x)","b":"$(stages.test.results.x)","c":"$(stages.biuld.results.x)","d":"$(stages.build.results.a.b)"}}]}"#,
            "stages[1].with.a: `test` does not need `build`, so it may start before there are results (add `build` to its `needs`)",
            "stages[1].with.b: a stage can't use its own results",
            "stages[1].with.c: there is no stage `biuld` (did you mean `$(stages.build.results.x)`?)",
            "stages[1].with.d: a result's name \"a.b\" must be letters, digits, `_` and `-`, and begin with a letter or `_`"
        ),
        Case(
            "results of an approval, of finally, and within finally",
            #"{"stages":[{"name":"go","approval":{}},{"name":"test","needs":["go"],"with":{"a":"$(stages.go.results.x)","b":"$(stages.lint.results.x)"}}],"finally":[{"name":"lint"},{"name":"build","with":{"a":"$(stages.lint.results.x)"}}]}"#,
            "stages[1].with.a: `go` is an approval, which has no results",
            "stages[1].with.b: `lint` is a stage of `finally`, which runs last",
            "finally[1].with.a: `build` does not need `lint`, so it may start before there are results (add `lint` to its `needs`)"
        ),
        Case(
            "results of a matrix",
            #"{"stages":[{"name":"test","matrix":{"axes":[{"name":"a","values":["1","2"]}]}},{"name":"build"},{"name":"lint","needs":["test","build"],"with":{"a":"$(stages.test.results.x)","b":"$(stages.test.2.results.x)","c":"$(stages.test.01.results.x)","d":"$(stages.build.0.results.x)"}}]}"#,
            "stages[2].with.a: `test` has a matrix: each combination has results of its own (name one: $(stages.test.0.results.x))",
            "stages[2].with.b: there is no `test.2` (its combinations are test.0 to test.1)",
            "stages[2].with.c: there is no `test.01` (its combinations are test.0 to test.1)",
            "stages[2].with.d: `build` has no matrix, so there is no `build.0`"),
        Case(
            "axes that are not there",
            #"{"stages":[{"name":"lint","with":{"a":"$(matrix.x)"}},{"name":"test","matrix":{"axes":[{"name":"python","values":["1"]}]},"env":[{"name":"A","value":"$(matrix.pyhton)"}]}]}"#,
            "stages[0].with.a: `$(matrix.x)` in a stage without `matrix`",
            "stages[1].env[0].value: there is no axis `pyhton` (did you mean `$(matrix.python)`?)"),
        Case(
            "what is not known when runs are grouped",
            #"{"stages":[{"name":"lint"}],"concurrency":{"group":"$(stages.lint.results.x)$(source.revision)"}}"#,
            "concurrency.group: `$(stages.lint.results.x)` is not known when runs are grouped (use params, source.branch, run.pipeline and their like)",
            "concurrency.group: `$(source.revision)` is not known when runs are grouped (use params, source.branch, run.pipeline and their like)"
        ),
        Case(
            "references where none is replaced",
            #"{"params":[{"name":"p","default":"$(params.q)"}],"stages":[{"name":"go","approval":{"message":"Ship $(params.p)?"}}]}"#,
            "params[0].default: `$(params.q)` is not replaced here (references are replaced in `with`, `env`, `when` and `concurrency.group`)",
            "stages[0].approval.message: `$(params.p)` is not replaced here (references are replaced in `with`, `env`, `when` and `concurrency.group`)"
        ),
        Case(
            "parameters that would share a variable",
            #"{"params":[{"name":"a-b"},{"name":"A_b"}],"stages":[{"name":"lint"}]}"#,
            "params[1].name: `A_b` and `a-b` would share the variable MARTLET_PARAM_A_B (rename one of them)"),
    ])
    func `references`(_ example: Case) throws {
        #expect(try Self.problems(example.json) == example.expect)
    }

    @Test(
        arguments: [
            ("echo $(date) $(run.sh) $((1 + 2)) $(source.sh) ${params} $params $(params) $(ls params.x)", []),
            (#"echo \$(params.x) $$(params.x) '$(params.x y)'"#, []),
            (
                "echo $(params.x)",
                ["`$(params.x)` is not replaced inside a script (use the variable: \"$MARTLET_PARAM_X\")"]
            ),
            (
                "a\necho \\\\$(stages.build.results.image)\n$(params.x) $(params.x)",
                [
                    "`$(stages.build.results.image)` (line 2 of the script) is not replaced inside a script (use the variable: \"$MARTLET_RESULT_BUILD_IMAGE\")",
                    "`$(params.x)` (line 3 of the script) is not replaced inside a script (use the variable: \"$MARTLET_PARAM_X\")",
                ]
            ),
            (
                "git checkout $(source.revision) $(run.name)",
                [
                    "`$(source.revision)` is not replaced inside a script (use the variable: \"$MARTLET_REVISION\")",
                    "`$(run.name)` is not replaced inside a script (use the variable: \"$MARTLET_RUN\")",
                ]
            ),
            (
                "$(stages.build.image)",
                [
                    "`$(stages.build.image)` is no reference, and none is replaced inside a script (write $(stages.NAME.results.NAME))"
                ]
            ),
            ("$(matrix.python", []),
        ] as [(String, [String])])
    func `a script is never filled in, and the shell's own substitutions are left alone`(
        _ script: String, _ expect: [String]
    ) {
        var spec = PipelineSpec()
        spec.stages = [StageSpec(name: "x", run: script)]
        let lines = spec.problems(at: FieldPath()).map { $0.line(file: "f") }
        #expect(lines == expect.map { "f: error: stages[0].run: " + $0 })
    }

    @Test(arguments: [
        Case(
            "every trigger",
            #"{"stages":[{"name":"lint"}],"triggers":[{"push":{"branches":["main","release/*"]}},{"pullRequest":{}},{"tag":{}},{"schedule":{"cron":"0 3 * * *","timeZone":"Europe/Berlin"}}]}"#
        ),
        Case(
            "no event, and two", #"{"stages":[{"name":"lint"}],"triggers":[{},{"push":{},"tag":{}}]}"#,
            "triggers[0]: is empty (each trigger has exactly one of push, pullRequest, tag, schedule; `push: {}` is every push)",
            "triggers[1]: names 2 events (each trigger has exactly one of push, pullRequest, tag, schedule; `push: {}` is every push)"
        ),
        Case(
            "schedules that never come",
            #"{"stages":[{"name":"lint"}],"triggers":[{"schedule":{"cron":"61 * * * *","timeZone":"../../etc/passwd"}},{"schedule":{"cron":"@dayly"}}]}"#,
            "triggers[0].schedule.cron: minute `61`: is not within 0 to 59",
            "triggers[0].schedule.timeZone: `../../etc/passwd` is no time zone (write a name such as Europe/Berlin; without one it is UTC)",
            "triggers[1].schedule.cron: `@dayly` is no schedule (did you mean `@daily`?)"),
        Case(
            "globs twice, and full refs",
            #"{"stages":[{"name":"lint"}],"triggers":[{"push":{"branches":["a","a","refs/heads/b"]}}]}"#,
            "triggers[0].push.branches[1]: `a` is listed twice",
            "triggers[0].push.branches[2]: globs are matched against the branch's name, without `refs/heads/`"),
        Case(
            "globs that can't be read",
            #"{"stages":[{"name":"lint"}],"triggers":[{"push":{"branches":["release/[0-9"],"paths":["!docs/**"],"pathsIgnore":["docs\\"]}},{"tag":{"tags":["v[9-0]"]}}]}"#,
            "triggers[0].push.branches[0]: `release/[0-9` has a `[` without its `]` (write `\\[` for a bracket that stands for itself)",
            "triggers[0].push.paths[0]: `!docs/**` can't be negated (list what to leave out of paths in `pathsIgnore`; write `\\!` for a name that begins so)",
            "triggers[0].push.pathsIgnore[0]: `docs\\` ends with a `\\` that nothing follows (write `\\\\` for a backslash)",
            "triggers[1].tag.tags[0]: `v[9-0]` has a range that ends before it begins (write `[0-9]`)"),
        Case(
            "globs that nothing can match",
            #"{"stages":[{"name":"lint"}],"triggers":[{"push":{"branches":["/main","release/"],"paths":["./src/**","/docs/**","docs/","src//a","a/../b"],"pathsIgnore":["./"]}},{"tag":{"tags":["refs/tags/v1","v/"]}}]}"#,
            "triggers[0].push.branches[0]: `/main` matches nothing: no name begins or ends with a `/`",
            "triggers[0].push.branches[1]: `release/` matches nothing: no name begins or ends with a `/`",
            "triggers[0].push.paths[0]: `./src/**` matches nothing: paths begin at the repository's top (write `src/**`)",
            "triggers[0].push.paths[1]: `/docs/**` matches nothing: paths begin at the repository's top (write `docs/**`)",
            "triggers[0].push.paths[2]: `docs/` matches nothing: what changes are files (write `docs/**` for all within)",
            "triggers[0].push.paths[3]: `src//a` matches nothing: no path has two `/` beside each other",
            "triggers[0].push.paths[4]: `a/../b` matches nothing: no path has a part `..`",
            "triggers[0].push.pathsIgnore[0]: `./` matches nothing: paths begin at the repository's top (write `**` for everything)",
            "triggers[1].tag.tags[0]: globs are matched against the tag's name, without `refs/tags/`",
            "triggers[1].tag.tags[1]: `v/` matches nothing: no name begins or ends with a `/`"),
        Case(
            "a source with a password",
            #"{"source":{"url":"https://u:hunter2@github.com/a/b"},"stages":[{"name":"lint"}]}"#,
            "source.url: must not hold a password or token (keep it in a secret and name that as `credentials`)"),
        Case(
            "Slack without events", #"{"stages":[{"name":"lint"}],"notifications":{"slack":{"events":[]}}}"#,
            "notifications.slack: `slack` names no events (add `events: [Failed, Recovered]`)"),
    ])
    func `triggers and what else is in a pipeline`(_ example: Case) throws {
        #expect(try Self.problems(example.json) == example.expect)
    }

    @Test(arguments: [
        (
            #"{"stages":[{"name":"lint"}],"triggers":[{"push":{}},{"schedule":{"cron":"@daily"}}]}"#,
            ["triggers[0]: nothing fires"]
        ),
        (
            #"{"source":{"url":"https://a/b"},"params":[{"name":"x","default":""},{"name":"y"}],"stages":[{"name":"lint"}],"triggers":[{"push":{}},{"schedule":{"cron":"@daily"}}]}"#,
            ["triggers[0]: no run comes of this: nobody gives the parameter `y`", "triggers[1]: no run comes of this"]
        ),
        (#"{"params":[{"name":"y"}],"stages":[{"name":"lint"}]}"#, []),
        (
            #"{"source":{"url":"file:."},"stages":[{"name":"lint"}],"triggers":[{"pullRequest":{}},{"schedule":{"cron":"@daily"}}]}"#,
            ["triggers[0]: nothing fires this: no event is about a repository in the file system"]
        ),
        (
            #"{"source":{"url":"https://a/b"},"params":[{"name":"x","default":""}],"stages":[{"name":"lint"}],"triggers":[{"tag":{}}]}"#,
            []
        ),
    ])
    func `what keeps triggers from making runs is noted`(json: String, expect: [String]) throws {
        let spec = FieldReader.read(PipelineSpec.self, from: try parseJSON(json)).0
        #expect(spec.problems() == [])
        let notes = spec.triggerNotes(at: FieldPath())
        #expect(notes.allSatisfy { $0.severity == .note })
        #expect(notes.count == expect.count)
        for (note, words) in zip(notes, expect) { #expect(note.line(file: "f").contains("f: note: \(words)")) }
    }

    @Test func `a matrix may make 256 stages and no more, whatever its axes would make`() {
        func problems(_ sizes: [Int], exclude: [StringMap] = [], others: Int = 0) -> [String] {
            var spec = PipelineSpec()
            var stage = StageSpec(name: "test")
            stage.matrix = Matrix()
            stage.matrix?.axes = sizes.enumerated().map { axis, size in
                MatrixAxis(name: "a\(axis)", values: (0..<size).map(String.init))
            }
            stage.matrix?.exclude = exclude
            spec.stages = [stage] + (0..<others).map { StageSpec(name: "s\($0)", run: "true") }
            return spec.problems(at: FieldPath()).map { $0.line(file: "f") }
        }
        #expect(problems([16, 16]) == [])
        #expect(problems([16, 17], exclude: [["a1": "16"]]) == [])
        #expect(
            problems([16, 16], others: 1) == [
                "f: error: stages: makes 257 stages with every matrix expanded; at most 256 are allowed"
            ])
        #expect(
            problems([64, 64, 64, 64, 64, 64, 64, 64]) == [
                "f: error: stages: makes far more stages with every matrix expanded than the 256 allowed"
            ])
    }

    @Test func `a spec may be 64 KiB as JSON and no more`() {
        var spec = PipelineSpec()
        spec.stages = (0..<5).map { StageSpec(name: "s\($0)", run: String(repeating: "x", count: 16_000)) }
        let size = FieldWriter.bytes(spec).count
        #expect(
            spec.problems().map { $0.line(file: "f") } == [
                "f: error: spec: is \(size) bytes as JSON; at most 65536 are allowed"
            ])
        spec.stages.removeLast()
        #expect(spec.problems() == [])
    }

    @Test func `combinations come in the order of their numbers, without gaps`() {
        var matrix = Matrix()
        matrix.axes = [
            MatrixAxis(name: "os", values: ["linux", "mac"]), MatrixAxis(name: "py", values: ["1", "2", "3"]),
        ]
        matrix.exclude = [["os": "mac", "py": "1"], ["py": "3"]]
        #expect(matrix.combinations() == [["linux", "1"], ["linux", "2"], ["mac", "2"]])
        #expect(matrix.combinations(atMost: 5) == nil)
    }

    @Test func `what only a pipeline of its own can have is a note in a run's`() throws {
        let json = #"{"stages":[{"name":"lint"}],"triggers":[{"push":{}}],"failedRunsHistoryLimit":3}"#
        var run = PipelineRunSpec()
        run.pipelineSpec = FieldReader.read(PipelineSpec.self, from: try parseJSON(json)).0
        let notes = run.problems().filter { $0.severity == .note }
        #expect(
            notes.map(\.path.description) == ["spec.pipelineSpec.failedRunsHistoryLimit", "spec.pipelineSpec.triggers"])
    }
}
