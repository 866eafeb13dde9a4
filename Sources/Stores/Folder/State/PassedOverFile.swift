package import Controller
internal import Document
internal import Model

extension StateFolder {
    private var passedOverFile: StateFile { StateFile(path: path + "/passed-over.json") }

    /// Says which agents get nothing for a while, in the place of what was said before: the controller alone knows.
    package func announce(passedOver: [PassedOver]) throws(StateError) {
        if passedOver.isEmpty { return passedOverFile.remove() }
        var json = JSONWriter()
        json.beginArray()
        for one in passedOver { FieldWriter.write(one, into: &json) }
        json.endArray()
        try passedOverFile.replace(with: json.bytes)
    }

    /// What was said last; nothing where that can't be read, since nothing depends on it.
    package var passedOver: [PassedOver] {
        guard let bytes = (try? passedOverFile.read(limit: 1 << 20)) ?? nil, let node = try? parseJSON(bytes) else {
            return []
        }
        return (node.array ?? []).map { FieldReader.read(PassedOver.self, from: $0, strict: false).value }
    }
}
