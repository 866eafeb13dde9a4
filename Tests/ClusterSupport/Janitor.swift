import Glibc
import Threads

/// A shell that removes a folder when told to, and when this process is gone in whatever way.
///
/// The servers in it need no such thing: each is held by a supervisor that ends it together with this process.
struct Janitor: Sendable {
    /// Only ever given to `pclose`, once, by the one who closes.
    private nonisolated(unsafe) let pipe: UnsafeMutablePointer<FILE>

    /// - Parameter folder: Without quotes and line breaks in its name.
    init(folder: String) throws(ClusterError) {
        // It waits until its input ends. A Ctrl-C in the terminal must not take it along. Descriptors that it inherits are
        // closed, or else another test's listening socket stays open for as long as it lives. A server that is being
        // ended may still write a file: then again.
        let steps = [
            #"trap "" INT TERM HUP"#,
            #"for each in /proc/self/fd/*; do n=${each##*/}; if ((n > 2)); then eval "exec $n>&-"; fi; done"#,
            "exec >/dev/null 2>&1", "cat", #"until rm -rf "$0"; do :; done"#,
        ]
        let script = "exec bash -c '\(steps.joined(separator: "; "))' '\(folder)'"
        guard let pipe = popen(script, "we") else { throw ClusterError("no shell that cleans up: errno \(errno)") }
        self.pipe = pipe
    }

    /// Removes the folder.
    func clean() async {
        await withCheckedContinuation { continuation in
            NamedThread.startOrTrap("clean-up") {
                pclose(pipe)
                continuation.resume()
            }
        }
    }
}
