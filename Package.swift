// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "martlet",
    products: [],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(
            name: "CKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .target(name: "Document", swiftSettings: settings),
        .target(name: "YAML", dependencies: ["CYAML", "Document"], swiftSettings: settings),
        .target(name: "Model", dependencies: ["Document"], swiftSettings: settings),
        .target(name: "Planning", dependencies: ["Model"], swiftSettings: settings),
        .target(
            name: "AgentProtocol",
            dependencies: ["Document", "Model", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings),
        .target(
            name: "Controller", dependencies: ["Model", "Planning", "AgentProtocol"], swiftSettings: settings),
        .target(name: "Kafka", dependencies: ["CKafka"], swiftSettings: settings),
    ]
)
