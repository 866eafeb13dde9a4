// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let database = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "martlet",
    products: [
        .executable(name: "martlet", targets: ["martlet"]),
        .executable(name: "martlet-bench", targets: ["martlet-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.100.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.33.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
    ],
    targets: [
        // System libraries, and C of our own.
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .target(name: "CSupervisor"),

        // Wrappers, which know nothing of pipelines.
        .target(name: "Document", swiftSettings: settings),
        .target(name: "YAML", dependencies: ["CYAML", "Document"], swiftSettings: settings),
        .target(name: "Threads", swiftSettings: settings),
        .target(name: "Kafka", dependencies: ["CKafka", "Threads"], swiftSettings: settings),
        .target(name: "HTTPClient", dependencies: ["CCurl", "Threads"], swiftSettings: settings),
        .target(name: "KubernetesAPI", dependencies: ["Document", "HTTPClient", "YAML"], swiftSettings: settings),
        .target(name: "PrometheusMetrics", swiftSettings: settings),

        // The core: values and decisions.
        .target(name: "Model", dependencies: ["Document"], swiftSettings: settings),
        .target(name: "Planning", dependencies: ["Model"], swiftSettings: settings),
        .target(name: "AgentProtocol", dependencies: ["Document", "Model", crypto], swiftSettings: settings),
        .target(
            name: "Controller", dependencies: ["Document", "Model", "Planning", "AgentProtocol"],
            swiftSettings: settings),

        // What stands around it.
        .target(
            name: "Telemetry", dependencies: ["Controller", "Document", "PrometheusMetrics", "Model", "Planning"],
            swiftSettings: settings),
        .target(name: "Manifests", dependencies: ["Document", "YAML", "Model"], swiftSettings: settings),
        .target(
            name: "Execution", dependencies: ["CSupervisor", "CExpat", "Document", "Threads"], swiftSettings: settings),
        .target(
            name: "Agent", dependencies: ["AgentProtocol", "Document", "Model", "Execution", "Threads", logging],
            swiftSettings: settings),
        .target(
            name: "KafkaTransport",
            dependencies: [
                "AgentProtocol", "Model", "Controller", "Agent", "Kafka", "PrometheusMetrics", "Telemetry", logging,
            ],
            swiftSettings: settings),
        .target(
            name: "Simulation",
            dependencies: ["Agent", "AgentProtocol", "Controller", "Document", "Model", "Planning"],
            swiftSettings: settings),
        .target(
            name: "Stores",
            dependencies: [
                "AgentProtocol", "Document", "KubernetesAPI", "Model", "Planning", "Controller", "Manifests", "Threads",
                database,
            ],
            swiftSettings: settings),
        .target(name: "Presentation", dependencies: ["Document", "Model", "Planning"], swiftSettings: settings),

        .target(
            name: "Web",
            dependencies: [
                "Controller", "Document", "Model", "Planning", "Presentation", "Threads", crypto, httpTypes,
                hummingbird,
                hummingbirdCore, logging, nioCore, nioHTTP1, nioHTTPTypes, nioPosix, serviceLifecycle,
            ],
            swiftSettings: settings),
        .target(
            name: "Reporting",
            dependencies: [
                "Controller", "Document", "HTTPClient", "Model", "Planning", crypto, cryptoExtras, logging,
            ],
            swiftSettings: settings),

        // The programs.
        .target(
            name: "Assembly",
            dependencies: [
                "Agent", "AgentProtocol", "Controller", "Document", "Execution", "HTTPClient", "Kafka",
                "KafkaTransport", "KubernetesAPI", "Manifests", "PrometheusMetrics", "Model", "Planning", "Reporting",
                "Stores",
                "Telemetry", "Threads", "Web", logging,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "martlet",
            dependencies: [
                "Agent", "AgentProtocol", "Assembly", "Controller", "Document", "Execution", "HTTPClient", "Kafka",
                "KubernetesAPI", "Manifests", "Model", "Planning", "Presentation", "Reporting", "Simulation", "Stores",
                "Web", "YAML", argumentParser, logging, unixSignals,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "martlet-bench",
            dependencies: [
                "Agent", "AgentProtocol", "Assembly", "Controller", "Document", "Execution", "HTTPClient", "Kafka",
                "KafkaTransport", "KubernetesAPI", "Manifests", "Model", "Planning", "Stores", "Threads", "Web",
                argumentParser,
                crypto, logging,
            ],
            swiftSettings: settings),

        // Tests.
        .target(name: "TestSupport", dependencies: ["Model"], path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "ClusterSupport", dependencies: ["Document", "Execution", "Threads"], path: "Tests/ClusterSupport",
            swiftSettings: settings),
        .target(
            name: "HTTPTestSupport", dependencies: ["Threads"], path: "Tests/HTTPTestSupport", swiftSettings: settings),
        .target(
            name: "ReportingSupport", dependencies: ["Document", "HTTPTestSupport", "Model", crypto, cryptoExtras],
            path: "Tests/ReportingSupport", swiftSettings: settings),
        .testTarget(name: "DocumentTests", dependencies: ["Document", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "YAMLTests", dependencies: ["YAML", "Document", "TestSupport"], exclude: ["Golden"],
            swiftSettings: settings),
        .testTarget(
            name: "HTTPClientTests", dependencies: ["HTTPClient", "HTTPTestSupport", "Execution"],
            swiftSettings: settings),
        .testTarget(
            name: "KubernetesAPITests",
            dependencies: [
                "KubernetesAPI", "HTTPClient", "HTTPTestSupport", "ClusterSupport", "Document", "Execution",
            ],
            swiftSettings: settings),
        .testTarget(name: "PrometheusMetricsTests", dependencies: ["PrometheusMetrics"], swiftSettings: settings),
        .testTarget(name: "KafkaTests", dependencies: ["Kafka"], swiftSettings: settings),
        .testTarget(name: "ModelTests", dependencies: ["Model", "Document", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "PlanningTests", dependencies: ["Planning", "Model", "Document", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "ManifestsTests", dependencies: ["Manifests", "YAML", "Model", "Document"], exclude: ["Bad"],
            swiftSettings: settings),
        .testTarget(
            name: "AgentProtocolTests", dependencies: ["AgentProtocol", "Document", "Model", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "ControllerTests",
            dependencies: ["Controller", "Model", "Planning", "AgentProtocol", "Document", "TestSupport"],
            swiftSettings: settings),
        .executableTarget(
            name: "StageProbe", dependencies: ["Execution"], path: "Tests/StageProbe", swiftSettings: settings),
        .testTarget(
            name: "ExecutionTests", dependencies: ["Execution", "CSupervisor", "Document", "StageProbe"],
            swiftSettings: settings),
        .testTarget(
            name: "AgentTests",
            dependencies: ["Agent", "AgentProtocol", "Model", "Execution", "Document", "TestSupport", logging],
            swiftSettings: settings),
        .testTarget(
            name: "KafkaTransportTests",
            dependencies: [
                "KafkaTransport", "Kafka", "Controller", "Agent", "AgentProtocol", "PrometheusMetrics", "Model",
                "Telemetry",
                logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TelemetryTests",
            dependencies: ["Controller", "Document", "PrometheusMetrics", "Model", "Planning", "Telemetry"],
            swiftSettings: settings),
        .testTarget(
            name: "SimulationTests", dependencies: ["Simulation", "Model"], exclude: ["Faults"], swiftSettings: settings
        ),
        .testTarget(
            name: "StoresTests",
            dependencies: [
                "Stores", "ClusterSupport", "Controller", "Execution", "HTTPClient", "KubernetesAPI", "Manifests",
                "Model",
                "Planning", "AgentProtocol", "Document",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CustomResourceTests",
            dependencies: ["ClusterSupport", "Document", "Execution", "Manifests", "Model", "TestSupport", "YAML"],
            exclude: ["Rules"], swiftSettings: settings),
        .testTarget(
            name: "PresentationTests", dependencies: ["Presentation", "Model", "Planning", "Document"],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "ReportingTests",
            dependencies: [
                "Reporting", "ReportingSupport", "Controller", "Document", "HTTPClient", "HTTPTestSupport", "Model",
                crypto,
                cryptoExtras,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "Web", "Controller", "Document", "Model", "Planning", crypto, httpTypes, hummingbirdCore, logging,
                nioCore, nioEmbedded, nioHTTP1, nioHTTPTypes, nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "martletTests",
            dependencies: [
                "martlet", "AgentProtocol", "Controller", "Document", "Execution", "Model", "Presentation", "Reporting",
                "Simulation", "Stores", "Web", argumentParser, logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "martlet", "Agent", "AgentProtocol", "Assembly", "ClusterSupport", "Controller", "Document",
                "Execution", "HTTPClient", "HTTPTestSupport", "Kafka", "Model", "ReportingSupport", "Stores",
                "TestSupport", crypto, logging,
            ],
            exclude: ["Web/git-server.py"], swiftSettings: settings),
    ]
)
