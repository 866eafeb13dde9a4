import Testing

@testable import Agent

struct SecretRulesTests {
    @Test(arguments: [
        ("token=prod/web", "token=prod/web"), ("token=/web", "token=-/web"), ("token=-/web", "token=-/web"),
        ("token=prod/*", "token=prod/*"), ("token", nil), ("token=web", nil), ("=a/b", nil), ("t=a/", nil),
        ("../x=a/b", nil), ("t=a/b/c", nil),
    ])
    func `a rule is NAME=NAMESPACE/PIPELINE`(text: String, expect: String?) {
        #expect(SecretRules.Rule(text)?.description == expect)
    }

    @Test(
        arguments: [
            ("token", "prod", "web", true), ("token", "prod", "api", false), ("token", "test", "web", false),
            ("other", "prod", "web", false), ("all", "prod", "any", true), ("all", nil, "any", false),
            ("local", nil, "web", true), ("local", "prod", "web", false),
        ] as [(String, String?, String, Bool)])
    func `only what a rule says is allowed`(secret: String, namespace: String?, pipeline: String, expect: Bool) {
        let rules = SecretRules(["token=prod/web", "all=prod/*", "local=-/web"].compactMap { SecretRules.Rule($0) })
        #expect(rules.allow(secret, namespace: namespace, pipeline: pipeline) == expect)
    }
}
