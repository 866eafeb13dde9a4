extension Node.Value {
    /// A number, whole if it is whole and fits `Int64`: neither JSON nor Kubernetes tells `1000` from `1e3` or `1.0`.
    package init(number: Double) {
        // What lies beyond the least number is rounded to it, and mustn't pass for it.
        if let whole = Int64(exactly: number), whole > .min {
            self = .int(whole)
        } else {
            self = .double(number)
        }
    }
}
