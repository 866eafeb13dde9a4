import Glibc
import Simulation

// Plays seeds until one finds something; `scripts/simulation-faults` builds this against sources with a fault in them.
let arguments = CommandLine.arguments
var sweep = SeedSweep()
sweep.count = arguments.count > 1 ? UInt64(arguments[1]) ?? 1000 : 1000
sweep.workers = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
sweep.failureLimit = 1
let sum = await sweep.run()
guard let failure = sum.failures.first else {
    print("survives \(sum.seeds) seeds")
    exit(1)
}
print("seed \(failure.seed): \(failure.violation.rule) (\(failure.violation.detail))")
