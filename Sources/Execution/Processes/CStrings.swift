/// Texts as C wants them: an array of pointers that ends with a null pointer.
enum CStrings {
    static func with<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var bytes: [CChar] = []
        var starts: [Int] = []
        for text in texts {
            starts.append(bytes.count)
            bytes.append(contentsOf: text.utf8.lazy.map { CChar(bitPattern: $0) })
            bytes.append(0)
        }
        if bytes.isEmpty { bytes.append(0) }
        return bytes.withUnsafeMutableBufferPointer { buffer in
            // In bounds: every start is an index of the buffer, which stays where it is during the call.
            var pointers: [UnsafeMutablePointer<CChar>?] = starts.map { start in buffer.baseAddress.map { $0 + start } }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { list in
                guard let first = list.baseAddress else { preconditionFailure("an array that has an element") }
                return body(first)
            }
        }
    }
}
