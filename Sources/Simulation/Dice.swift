/// Chance that follows from a seed alone (SplitMix64), so that everything can be seen again.
package struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but not including, `count`; the bias of some parts in 2⁶⁴ doesn't matter here.
    mutating func below(_ count: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(max(1, count))).high)
    }

    mutating func between(_ low: Int64, _ high: Int64) -> Int64 {
        low + Int64(below(Int(max(1, high - low))))
    }

    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// One of the values; nil of none.
    mutating func pick<Value>(_ values: [Value]) -> Value? {
        values.isEmpty ? nil : values[below(values.count)]
    }
}

/// Virtual time is microseconds since the world began.
func seconds(_ count: Int) -> Int64 { Int64(count) * 1_000_000 }
func milliseconds(_ count: Int) -> Int64 { Int64(count) * 1000 }
