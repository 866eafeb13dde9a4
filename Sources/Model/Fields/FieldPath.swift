package import Document

/// The way from a document's root to a value, printed as `spec.stages[2].needs[0]`.
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    package enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    package var steps: [Step] = []

    package init() {}

    package init(_ steps: Step...) {
        self.steps = steps
    }

    package func key(_ name: String) -> FieldPath {
        var path = self
        path.steps.append(.key(name))
        return path
    }

    package func index(_ place: Int) -> FieldPath {
        var path = self
        path.steps.append(.index(place))
        return path
    }

    /// Keys that are no plain words are quoted: `metadata.labels["app.kubernetes.io/name"]`.
    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .key(let name) where Self.isPlain(name): text += text.isEmpty ? name : ".\(name)"
            case .key(let name): text += "[\"\(name.shown())\"]"
            case .index(let place): text += "[\(place)]"
            }
        }
        return text
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 80
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// Where the value at this path was written; the nearest value around it where it is not there itself.
    package func mark(in root: Node) -> Mark? {
        var node = root
        var nearest = root.mark
        for step in steps {
            let next: Node?
            switch step {
            case .key(let name):
                let member = node.members?.first { $0.key == name }
                nearest = member?.keyMark ?? nearest
                next = member?.value
            case .index(let place):
                next = node.array.flatMap { $0.indices.contains(place) ? $0[place] : nil }
            }
            guard let next else { return nearest }
            node = next
            nearest = node.mark ?? nearest
        }
        return nearest
    }
}
