internal import Controller
internal import Document
internal import Model

/// A `coordination.k8s.io/v1` Lease as it was read, with all that others have put into it.
struct LeaseRecord: Equatable, Sendable {
    private let node: Node

    init(_ node: Node) {
        self.node = node
    }

    /// As it is made where there is none.
    init(name: String, namespace: String) {
        node = Node(
            .object([
                .init(key: "apiVersion", value: Node(.string("coordination.k8s.io/v1"))),
                .init(key: "kind", value: Node(.string("Lease"))),
                .init(
                    key: "metadata",
                    value: Node(
                        .object([
                            .init(key: "name", value: Node(.string(name))),
                            .init(key: "namespace", value: Node(.string(namespace))),
                        ]))),
            ]))
    }

    var version: String { node["metadata"]?["resourceVersion"]?.string ?? "" }
    var holder: String { node["spec"]?["holderIdentity"]?.string ?? "" }
    var seen: Leadership.Lease { Leadership.Lease(holder: holder, version: version) }

    /// Held by `identity`, newly or still.
    func held(by identity: String, for seconds: Int, at now: Timestamp) -> LeaseRecord {
        let transitions = node["spec"]?["leaseTransitions"]?.int ?? 0
        let isNew = holder != identity
        let isFirst = node["spec"] == nil
        return setting([
            ("holderIdentity", .string(identity)), ("leaseDurationSeconds", .int(Int64(seconds))),
            ("acquireTime", isNew ? .string(now.microTime) : nil), ("renewTime", .string(now.microTime)),
            ("leaseTransitions", .int(isNew && !isFirst ? transitions + 1 : transitions)),
        ])
    }

    /// Given back, for whoever comes next.
    func released(at now: Timestamp) -> LeaseRecord {
        setting([
            ("holderIdentity", .string("")), ("leaseDurationSeconds", .int(1)), ("renewTime", .string(now.microTime)),
        ])
    }

    var bytes: [UInt8] {
        var json = JSONWriter(reservingCapacity: 1024)
        json.node(node)
        return json.bytes
    }

    /// - Parameter fields: Those of the spec; nil leaves one as it is.
    private func setting(_ fields: [(String, Node.Value?)]) -> LeaseRecord {
        var spec = node["spec"]?.members ?? []
        for (key, value) in fields {
            guard let value else { continue }
            spec.removeAll { $0.key == key }
            spec.append(Node.Member(key: key, value: Node(value)))
        }
        var members = node.members ?? []
        members.removeAll { $0.key == "spec" }
        members.append(Node.Member(key: "spec", value: Node(.object(spec))))
        return LeaseRecord(Node(.object(members)))
    }
}

extension Timestamp {
    /// As Kubernetes' `MicroTime` wants it: always with six digits.
    var microTime: String {
        let text = description
        return text.contains(".") ? text : text.dropLast() + ".000000Z"
    }

    /// As Kubernetes' `Time` has it: in whole seconds.
    var time: String { Timestamp(seconds: microseconds / 1_000_000).description }
}
