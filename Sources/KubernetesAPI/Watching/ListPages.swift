package import Document

/// Reads a whole collection once, page by page, as it is now.
package struct ListPages: Sendable {
    private let connection: any APIConnection
    private let path: String

    package init(_ resource: APIResource, namespace: String?, over connection: any APIConnection) {
        self.connection = connection
        path = resource.path(namespace: namespace)
    }

    /// - Parameter take: Is given the objects of each page; returns whether it wants more.
    package func read(_ take: ([Node]) -> Bool) async throws(APIError) {
        var continuing: String?
        repeat {
            var request = APIRequest(.get, path, query: [.init("limit", "500")])
            if let continuing { request.query.append(.init("continue", continuing)) }
            let body = try await connection.send(request)
            let page: ListAnswer
            do throws(WatchProblem) {
                page = try ListAnswer.reading(body)
            } catch {
                throw .unreachable(error.message)
            }
            guard take(page.items) else { return }
            continuing = page.next
        } while continuing != nil
    }
}
