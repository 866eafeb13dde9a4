internal import Document

/// A check run as GitHub lists it.
struct ListedCheck {
    var id: Int64
    var externalID: String
    var isSuccess: Bool
    /// How many annotations it has.
    var annotations: Int

    /// Nil for one that isn't of an App that gives external ids.
    init?(_ node: Node) {
        guard let id = node["id"]?.int, let externalID = node["external_id"]?.string else { return nil }
        self.id = id
        self.externalID = externalID
        isSuccess = node["conclusion"]?.string == "success"
        annotations = (node["output"]?["annotations_count"]?.int).flatMap { Int(exactly: $0) } ?? 0
    }
}
