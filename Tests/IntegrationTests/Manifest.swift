/// A stage of a manifest that a test writes.
struct Stage {
    var name: String
    var needs: [String] = []
    var script: String?
    /// Further fields, each a line of YAML in flow style: `retry: {limit: 2}`.
    var fields: [String] = []

    init(_ name: String, needs: [String] = [], _ fields: String..., script: String? = nil) {
        self.name = name
        self.needs = needs
        self.script = script
        self.fields = fields
    }

    fileprivate var yaml: [String] {
        var lines = ["- name: \(name)"]
        if !needs.isEmpty { lines.append("  needs: [\(needs.joined(separator: ", "))]") }
        lines += fields.map { "  \($0)" }
        if let script {
            lines.append("  run: |")
            lines += script.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
        }
        return lines
    }
}

enum Manifest {
    static func pipeline(_ name: String, _ stages: [Stage], finally: [Stage] = [], _ fields: String...) -> String {
        """
        apiVersion: martlet.dev/v1alpha1
        kind: Pipeline
        metadata:
          name: \(name)
        spec:
        \(body(stages, finally, fields).map { "  \($0)" }.joined(separator: "\n"))

        """
    }

    /// A run with its pipeline within.
    static func run(_ name: String, _ stages: [Stage], finally: [Stage] = [], _ fields: String...) -> String {
        """
        apiVersion: martlet.dev/v1alpha1
        kind: PipelineRun
        metadata:
          name: \(name)
        spec:
          pipelineSpec:
        \(body(stages, finally, fields).map { "    \($0)" }.joined(separator: "\n"))

        """
    }

    private static func body(_ stages: [Stage], _ finally: [Stage], _ fields: [String]) -> [String] {
        var lines = fields
        lines.append("stages:")
        lines += stages.flatMap(\.yaml).map { "  \($0)" }
        if !finally.isEmpty {
            lines.append("finally:")
            lines += finally.flatMap(\.yaml).map { "  \($0)" }
        }
        return lines
    }
}
