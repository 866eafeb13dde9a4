/// Any object that Martlet reads.
package enum Resource: Equatable, Sendable {
    case pipeline(Pipeline)
    case run(PipelineRun)

    package static let apiVersion = "martlet.dev/v1alpha1"

    package var metadata: Metadata {
        switch self {
        case .pipeline(let pipeline): pipeline.metadata
        case .run(let run): run.metadata
        }
    }
}
