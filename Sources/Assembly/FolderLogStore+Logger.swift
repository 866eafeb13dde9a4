internal import Logging
internal import Stores

extension FolderLogStore {
    /// A store that says in the log what it can't keep.
    convenience init(_ folder: StateFolder, reportingTo logger: Logger) throws(StateError) {
        try self.init(folder) { logger.warning("agents' output can't be kept: \($0)") }
    }
}
