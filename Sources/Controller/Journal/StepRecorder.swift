/// Is given everything that the controller took in and decided, step by step, to keep it.
///
/// Must not block: what it can't keep up with, it gives up and says so.
package protocol StepRecorder: Sendable {
    /// A machine begins, with nothing in it.
    func begin(_ configuration: ControllerConfiguration)
    func record(_ step: JournalStep)
}
