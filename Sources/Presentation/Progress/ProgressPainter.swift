/// Turns one frame on a terminal into the next with as few bytes as need be.
///
/// The cursor is always left at the beginning of the line below the frame, so that anything that is printed without the
/// painter's knowledge stands below and is drawn over by nothing but the next frame.
package enum ProgressPainter {
    /// Hides the cursor and stops the terminal from wrapping lines: its own idea of a character's width may be another.
    package static let begin = "\u{1B}[?25l\u{1B}[?7l"
    /// Undoes `begin`; to be printed at every way out.
    package static let end = "\u{1B}[?7h\u{1B}[?25h"

    package static func update(from old: ProgressFrame?, to new: ProgressFrame, colour: Bool) -> String {
        guard let old, !old.lines.isEmpty else { return new.lines.rendered(colour: colour) }
        // A terminal that has become narrower has broken the old lines: nothing of them can be kept.
        guard old.width == new.width else { return clear(old, width: new.width) + new.lines.rendered(colour: colour) }
        let shared = min(old.lines.count, new.lines.count)
        guard
            let first = (0..<shared).first(where: { old.lines[$0] != new.lines[$0] })
                ?? (old.lines.count == new.lines.count ? nil : shared)
        else { return "" }
        var output = up(old.lines.count - first)
        var skipped = 0
        for place in first..<new.lines.count {
            if place < old.lines.count, old.lines[place] == new.lines[place] {
                skipped += 1
                continue
            }
            output += down(skipped)
            skipped = 0
            output += new.lines[place].rendered(colour: colour)
            output += place < old.lines.count ? "\u{1B}[K\n" : "\n"
        }
        output += down(skipped)
        if old.lines.count > new.lines.count { output += "\u{1B}[J" }
        return output
    }

    /// Takes a frame off the screen, so that something else can be printed in its place.
    ///
    /// - Parameter width: The terminal's width now, where it may have changed since the frame was painted.
    package static func clear(_ frame: ProgressFrame, width: Int? = nil) -> String {
        guard !frame.lines.isEmpty else { return "" }
        let width = max(1, width ?? frame.width)
        let rows = frame.lines.reduce(0) { $0 + max(1, ($1.columns + width - 1) / width) }
        return up(rows) + "\u{1B}[J"
    }

    /// Prints lines that stay above the frame, which is painted anew below them.
    ///
    /// Whatever else is printed while a frame is shown would be drawn over, or leave a part of the frame behind.
    package static func insert(
        _ lines: [Line], above frame: ProgressFrame?, width: Int? = nil, colour: Bool
    ) -> String {
        (frame.map { clear($0, width: width) } ?? "") + lines.rendered(colour: colour)
            + (frame?.lines.rendered(colour: colour) ?? "")
    }

    private static func up(_ count: Int) -> String { count > 0 ? "\u{1B}[\(count)A\r" : "" }
    private static func down(_ count: Int) -> String { count > 0 ? "\u{1B}[\(count)B\r" : "" }
}
