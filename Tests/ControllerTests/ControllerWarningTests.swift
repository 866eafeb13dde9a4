import Controller
import Model
import Testing

@Suite struct ControllerWarningTests {
    @Test func `a line begins with the names of what it is about`() {
        let run = PipelineRun(metadata: Metadata(name: "app-1"), spec: PipelineRunSpec())
        #expect("\(ControllerWarning("the disk is full"))" == "the disk is full")
        #expect("\(ControllerWarning("it is late", about: run))" == "run app-1: it is late")
        #expect("\(ControllerWarning("it is late", about: run, stage: "lint"))" == "run app-1, stage lint: it is late")
    }
}
