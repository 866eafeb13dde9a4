/// An ordered list of librdkafka properties.
///
/// A name may occur more than once: the last value counts, so a caller's own settings go after the defaults. Values of
/// secret properties never show in a description, an error or a mirror.
package struct KafkaSettings: Sendable, Equatable {
    package struct Property: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var properties: [Property]

    package init(_ properties: [Property] = []) {
        self.properties = properties
    }

    package init(bootstrapServers: String) {
        self.init([Property("bootstrap.servers", bootstrapServers)])
    }

    /// The value that counts, which is the last one given.
    package subscript(name: String) -> String? {
        get { properties.last { $0.name == name }?.value }
        set {
            properties.removeAll { $0.name == name }
            if let newValue { properties.append(Property(name, newValue)) }
        }
    }

    /// The brokers to ask first, as `host:port,host:port`.
    package var bootstrapServers: String? { self["bootstrap.servers"] ?? self["metadata.broker.list"] }

    /// These settings followed by others, which override them.
    package func overridden(by others: KafkaSettings) -> KafkaSettings {
        KafkaSettings(properties + others.properties)
    }

    /// Whether librdkafka knows every property, and takes its value as far as it looks at each by itself.
    package func check() throws(KafkaError) { _ = try ClientHandle.Configuration(self) }

    /// Whether a property's value must never be shown.
    package static func isSecret(_ name: String) -> Bool {
        name.contains("password") || name.contains("secret") || name == "ssl.key.pem"
            || name == "sasl.oauthbearer.config" || name == "sasl.jaas.config"
    }
}

extension KafkaSettings: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Property($0.0, $0.1) })
    }
}

extension KafkaSettings.Property: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(name)=\(KafkaSettings.isSecret(name) ? "(redacted)" : value)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [("property", description)]) }
}

extension KafkaSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { properties.map(\.description).joined(separator: " ") }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [("properties", description)]) }
}
