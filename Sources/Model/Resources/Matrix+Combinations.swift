extension Matrix {
    /// A stage's combinations: for each the value of every axis, in the order of `axes`.
    ///
    /// The last axis changes fastest. What `exclude` matches is left out before the combinations are numbered, so that
    /// the ids `test.0`, `test.1`, … have no gaps.
    ///
    /// - Parameter limit: How many to look at; nil is returned where the axes make more than that.
    package func combinations(atMost limit: Int = 16_384) -> [[String]]? {
        var product = 1
        for axis in axes {
            let (next, overflow) = product.multipliedReportingOverflow(by: axis.values.count)
            guard !overflow, next <= limit else { return nil }
            product = next
        }
        guard !axes.isEmpty, product > 0 else { return [] }
        var combinations: [[String]] = []
        combinations.reserveCapacity(product)
        for number in 0..<product {
            var rest = number
            var values = [String](repeating: "", count: axes.count)
            for (place, axis) in axes.enumerated().reversed() {
                values[place] = axis.values[rest % axis.values.count]
                rest /= axis.values.count
            }
            if !isExcluded(values) { combinations.append(values) }
        }
        return combinations
    }

    private func isExcluded(_ values: [String]) -> Bool {
        exclude.contains { entry in
            !entry.isEmpty
                && entry.entries.allSatisfy { pair in
                    axes.firstIndex { $0.name == pair.key }.map { values[$0] == pair.value } ?? false
                }
        }
    }
}
