package import Model

extension PipelineRun {
    /// The full ref that it is about, where it is known.
    package var ref: String? { status.source?.ref ?? spec.source?.ref }

    /// The ref as people say it: `main`, `v1`, `#7`.
    package var refText: String? {
        if let number = spec.source?.pullRequest { return "#\(number)" }
        guard let ref else { return nil }
        for prefix in ["refs/heads/", "refs/tags/"] where ref.hasPrefix(prefix) {
            return String(ref.dropFirst(prefix.count))
        }
        return ref
    }
}
