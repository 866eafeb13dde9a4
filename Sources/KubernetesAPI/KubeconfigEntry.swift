internal import Document
internal import HTTPClient
internal import YAML

/// One cluster, user or context of a kubeconfig, and where it is written.
struct KubeconfigEntry {
    var name: String
    var file: String
    /// The object under `cluster`, `user` or `context`.
    var node: Node
    var mark: Mark

    /// A problem with a field, or with the entry as a whole. Values aren't shown: they may be secret.
    func problem(_ field: String? = nil, _ message: String, hint: String? = nil) -> ConfigurationError {
        let place = field.flatMap { self.field($0)?.mark } ?? node.mark ?? mark
        return ConfigurationError(YAMLProblem(place, message, hint: hint).line(file: file))
    }

    /// A field that is there and isn't null.
    func field(_ name: String) -> Node? {
        guard let node = node[name], node.value != .null else { return nil }
        return node
    }

    /// A text that isn't empty.
    func text(_ name: String) throws(ConfigurationError) -> String? {
        guard let node = field(name) else { return nil }
        guard let text = node.string else { throw problem(name, "\(name) has to be a text", hint: "put it in quotes") }
        return text.isEmpty ? nil : text
    }

    func flag(_ name: String) throws(ConfigurationError) -> Bool {
        guard let node = field(name) else { return false }
        guard case .bool(let flag) = node.value else { throw problem(name, "\(name) has to be true or false") }
        return flag
    }

    /// A path, which is relative to the file that names it.
    func path(_ name: String) throws(ConfigurationError) -> String? {
        guard let text = try text(name) else { return nil }
        if text.hasPrefix("/") { return text }
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        return folder + text
    }

    /// PEM, from `<name>-data` (base64) or from the file that `<name>` names; the first one counts.
    ///
    /// - Parameter label: What at least one block of it has to be, such as `CERTIFICATE`.
    func pem(_ name: String, label: String) throws(ConfigurationError) -> TLSSettings.Source? {
        let inlineName = "\(name)-data"
        if let text = try text(inlineName) {
            let digits = text.utf8.filter { !" \r\n\t".utf8.contains($0) }
            guard let bytes = Base64.decoded(digits) else {
                throw problem(inlineName, "\(inlineName) is not base64", hint: "base64 -w0 FILE makes it of a PEM file")
            }
            guard Self.holds(label, bytes) else {
                throw problem(inlineName, "\(inlineName) holds no \(label) in PEM form")
            }
            return .pem(Secret(bytes))
        }
        guard let path = try path(name) else { return nil }
        let bytes: [UInt8]
        do throws(YAMLFileError) {
            bytes = try YAML.read(path: path, limits: .credentials)
        } catch {
            throw problem(name, "\(path) can't be used: \(error.message)")
        }
        guard Self.holds(label, bytes) else { throw problem(name, "\(path) holds no \(label) in PEM form") }
        return .file(path)
    }

    private static func holds(_ label: String, _ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).contains {
            $0.hasPrefix("-----BEGIN ") && $0.hasSuffix("\(label)-----")
        }
    }
}
