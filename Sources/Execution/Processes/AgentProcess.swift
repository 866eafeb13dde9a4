internal import CSupervisor

/// What an agent does to its own process.
package enum AgentProcess {
    /// Keeps other processes of the same user, as the stages are, from reading this one's memory and environment, where
    /// credentials are. To be called first thing. It also ends core dumps; root reads everything all the same.
    package static func hide() throws(SystemError) {
        let result = supervisor_hide_this_process()
        guard result == 0 else { throw SystemError("hide this process", code: -result) }
    }
}
