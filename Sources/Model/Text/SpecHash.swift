extension PipelineRunSpec {
    /// A fingerprint of the part of the spec that must not change: all but the verbs (`desiredState`, `rerunCount`,
    /// `approvals`).
    ///
    /// It is the 128-bit FNV-1a hash, as 32 hexadecimal digits, of the record as `FieldWriter` writes it: by the
    /// order of the fields, without those at their default, so that neither a field added later nor the file's layout
    /// changes it. It is there to notice an edit, not to withstand somebody who searches for a collision: who may edit
    /// the spec may as well create another run.
    package var immutableHash: String {
        var fixed = self
        fixed.desiredState = .running
        fixed.rerunCount = 0
        fixed.approvals = []
        let prime = (UInt128(1) << 88) + 0x13B
        var hash = UInt128(0x6C62_272E_07BB_0142) << 64 | 0x62B8_2175_6295_C58D
        for byte in FieldWriter.bytes(fixed) {
            hash = (hash ^ UInt128(byte)) &* prime
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 32 - digits.utf8.count) + digits
    }
}
