// Hands a target over to libFuzzer (https://llvm.org/docs/LibFuzzer.html). `Fuzz/run` says by the environment what is
// wanted: nothing, the list of targets; VEILSCOPE_FUZZ_TARGET, which one; VEILSCOPE_FUZZ_COST, the cost of these files.

import Bytes
import FuzzTargets
import Glibc

/// libFuzzer's own driver. SwiftPM gives the program's entry another name, so that libFuzzer's `main` is not there.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ read: @convention(c) (UnsafeRawPointer?, Int) -> CInt
) -> CInt

/// The target at hand, and where results go, so that no work is left out.
nonisolated(unsafe) var target: FuzzTarget?
nonisolated(unsafe) var results: UInt64 = 0

func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

guard let wanted = environment("VEILSCOPE_FUZZ_TARGET") else {
  for target in FuzzTarget.all { print(target.name) }
  exit(0)
}
target = (FuzzTarget.all + FuzzTarget.planted).first { $0.name == wanted }
guard let chosen = target else {
  print("fuzz: there is no target \(wanted)")
  exit(64)
}
if let list = environment("VEILSCOPE_FUZZ_COST") {
  Cost.report(of: chosen, list)
  exit(0)
}
var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(
  runDriver(&count, &arguments) { start, count in
    guard let start, let target else { return 0 }
    results &+= target.read(RawSpan(_unsafeStart: start, byteCount: count))
    return 0
  })
