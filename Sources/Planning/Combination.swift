import Model

/// One combination of a matrix's values; a stage without a matrix has exactly one, without a number.
struct Combination {
    var number: Int?
    /// In the order of the axes, as the title shows them.
    var pairs: [(axis: String, value: String)]

    var values: StringMap {
        var map = StringMap()
        for pair in pairs { map[pair.axis] = pair.value }
        return map
    }

    /// `[python=3.12, os=linux]`.
    var label: String {
        pairs.isEmpty ? "" : "[\(pairs.map { "\($0.axis)=\($0.value)" }.joined(separator: ", "))]"
    }

    /// The product of the axes, the last one turning fastest, without what is excluded, counted from zero.
    static func all(of matrix: Matrix?, at path: FieldPath) throws(GraphProblem) -> [Combination] {
        guard let matrix else { return [Combination(number: nil, pairs: [])] }
        guard !matrix.axes.isEmpty else {
            throw GraphProblem("a matrix has at least one axis", at: path.key("axes"))
        }
        // Even a product that exclusions would make small enough is not walked for ever.
        var size = 1
        for (index, axis) in matrix.axes.enumerated() {
            let place = path.key("axes").index(index)
            guard !axis.values.isEmpty else {
                throw GraphProblem("axis `\(axis.name)` has no values", at: place.key("values"))
            }
            guard !matrix.axes[..<index].contains(where: { $0.name == axis.name }) else {
                throw GraphProblem("an axis named `\(axis.name)` is already there", at: place.key("name"))
            }
            size *= axis.values.count
            guard size <= 65_536 else {
                throw GraphProblem("the matrix has far too many combinations", at: path, hint: "use fewer values")
            }
        }
        for (index, entry) in matrix.exclude.enumerated() {
            for (axis, _) in entry.entries.map({ ($0.key, $0.value) })
            where !matrix.axes.contains(where: { $0.name == axis }) {
                throw GraphProblem("the matrix has no axis `\(axis)`", at: path.key("exclude").index(index))
            }
        }
        var combinations: [Combination] = []
        for ordinal in 0..<size {
            var rest = ordinal
            var pairs: [(axis: String, value: String)] = []
            for axis in matrix.axes.reversed() {
                pairs.append((axis.name, axis.values[rest % axis.values.count]))
                rest /= axis.values.count
            }
            var combination = Combination(number: combinations.count, pairs: pairs.reversed())
            let values = combination.values
            if matrix.exclude.contains(where: { !$0.isEmpty && $0.isContained(in: values) }) { continue }
            combination.number = combinations.count
            combinations.append(combination)
        }
        guard !combinations.isEmpty else {
            throw GraphProblem("every combination of the matrix is excluded", at: path.key("exclude"))
        }
        return combinations
    }
}
