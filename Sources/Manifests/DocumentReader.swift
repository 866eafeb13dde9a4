import Document
import Model
import YAML

/// A file's documents, from YAML or JSON.
enum DocumentReader {
    struct Failure: Error {
        var problems: [Problem]
    }

    static func documents(of bytes: [UInt8], file: String, limits: YAMLLimits) -> Result<[Node], Failure> {
        file.hasSuffix(".json") ? json(bytes, limits) : yaml(bytes, limits)
    }

    static func yaml(_ bytes: [UInt8], _ limits: YAMLLimits) -> Result<[Node], Failure> {
        let stream = YAML.parse(bytes, limits: limits)
        guard stream.problems.isEmpty else {
            return .failure(
                Failure(problems: stream.problems.map { Problem($0.message, mark: $0.mark, hint: $0.hint) }))
        }
        return .success(stream.documents)
    }

    /// JSON is read as JSON, since YAML refuses some of it (tabs, for one) and is laxer about the rest.
    private static func json(_ bytes: [UInt8], _ limits: YAMLLimits) -> Result<[Node], Failure> {
        let bounds = JSONLimits(bytes: limits.bytes, depth: limits.depth, values: limits.nodes)
        // kubectl lets an empty file pass, which is no JSON.
        guard !bytes.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) else { return .success([]) }
        do throws(JSONError) {
            let node = try parseJSON(bytes, limits: bounds, marks: true)
            return .success(node.value == .null ? [] : [node])
        } catch {
            return .failure(Failure(problems: [Problem(error.problem, mark: error.mark)]))
        }
    }
}
