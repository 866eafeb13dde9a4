internal import Assembly
internal import Execution

/// A folder with a clone, as its user left it.
enum WorkingTree {
    /// Whether files that git knows differ from what is committed. Where git can't say, nothing is said.
    static func isDirty(_ folder: String) async -> Bool {
        let command = Command(
            "git", ["status", "--porcelain", "--untracked-files=no"], environment: ProcessVariables.all,
            workingDirectory: folder, standardError: .discard, timeout: .seconds(5))
        guard let result = try? await command.capture() else { return false }
        return result.exit.isSuccess && !result.outputText.isEmpty
    }
}
