extension Reference {
    /// The environment variable in which a script finds what this reference stands for.
    ///
    /// Scripts get values this way only, so that no branch name or title can become shell code. Two names that differ
    /// in case, or in `-` and `_`, share a variable; validation forbids that for parameters and axes.
    package var environmentVariable: String {
        switch self {
        case .param(let name): "MARTLET_PARAM_" + Self.variable(name)
        case .result(let stage, let name): "MARTLET_RESULT_" + Self.variable(stage) + "_" + Self.variable(name)
        case .matrix(let axis): "MARTLET_MATRIX_" + Self.variable(axis)
        case .run(.name): "MARTLET_RUN"
        case .run(.uid): "MARTLET_RUN_UID"
        case .run(.namespace): "MARTLET_NAMESPACE"
        case .run(.pipeline): "MARTLET_PIPELINE"
        case .source(.url): "MARTLET_URL"
        case .source(.revision): "MARTLET_REVISION"
        case .source(.ref): "MARTLET_REF"
        case .source(.branch): "MARTLET_BRANCH"
        case .source(.tag): "MARTLET_TAG"
        case .source(.pullRequest): "MARTLET_PULL_REQUEST"
        }
    }

    private static func variable(_ name: String) -> String {
        String(
            name.unicodeScalars.map { scalar in
                switch scalar {
                case "a"..."z": Character(Unicode.Scalar(UInt8(scalar.value) - 32))
                case "A"..."Z", "0"..."9": Character(scalar)
                default: "_"
                }
            })
    }
}
