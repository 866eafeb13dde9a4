/// What an agent does for a stage that has no `run`.
package protocol StageKind: Sendable {
    /// The kind's name: `lint`.
    static var name: String { get }

    /// Decides by what the checkout holds. Pure: nothing is run or changed.
    static func plan(_ subject: KindSubject) throws(KindError) -> KindPlan
}

/// What a kind decides by.
package struct KindSubject: Sendable {
    package var project: Project
    /// The stage's `with`.
    package var settings: [String: String]
    /// Where programs are looked for.
    package var search: ExecutableSearch
    /// A folder for reports, outside the checkout.
    package var reports: String

    package init(project: Project, settings: [String: String], search: ExecutableSearch, reports: String) {
        self.project = project
        self.settings = settings
        self.search = search
        self.reports = reports
    }

    /// A program that the checkout brings along, else one of this machine.
    func tool(_ name: String) -> String? {
        let own = "\(project.root)/node_modules/.bin/\(name)"
        return ExecutableSearch.isProgram(own) ? own : search.find(name)
    }

    /// Refuses settings that the kind doesn't know: a misspelt threshold must not pass for the default.
    func check(known: [String], kind: String) throws(KindError) {
        for name in settings.keys.sorted() where !known.contains(name) {
            throw KindError("`with.\(name)` is no setting of \(kind); it knows \(known.joined(separator: ", "))")
        }
    }

    func choice<Value>(_ name: String, _ values: [(String, Value)], default value: Value) throws(KindError) -> Value {
        guard let text = settings[name] else { return value }
        guard let found = values.first(where: { $0.0.lowercased() == text.lowercased() }) else {
            throw KindError("`with.\(name)` is `\(text)`; it can be \(values.map(\.0).joined(separator: ", "))")
        }
        return found.1
    }

    func isEnabled(_ name: String, default value: Bool) throws(KindError) -> Bool {
        try choice(name, [("Enabled", true), ("Disabled", false), ("true", true), ("false", false)], default: value)
    }
}

/// The kinds that know what to do without a `run`.
package enum StageKinds {
    package static func named(_ name: String) -> (any StageKind.Type)? {
        switch name {
        case LintKind.name: LintKind.self
        case TestKind.name: TestKind.self
        case BuildKind.name: BuildKind.self
        case SecurityKind.name: SecurityKind.self
        default: nil
        }
    }
}
