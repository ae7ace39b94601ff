// The seccomp filter of a worker: the system calls it may still make (seccomp(2), linux/filter.h).

import CVeilPlatform
import Glibc

/// A classic BPF program over `struct seccomp_data`: everything that is not listed fails with EPERM.
///
/// EPERM and not a kill: a library that tries something it can do without (OpenSSL looks for its configuration) goes
/// on, and what it tried has failed all the same.
enum CallList {
  /// Needed by every build: reading and writing what is open, memory, time, the end.
  static let core: [Int32] = [
    __NR_read, __NR_write, __NR_exit, __NR_exit_group, __NR_munmap, __NR_mremap, __NR_madvise, __NR_brk, __NR_futex,
    __NR_rt_sigreturn, __NR_clock_gettime,
  ]
  /// Needed for evidence by offset, for scratch space, for batches, for waiting on a pipe, and by glibc on its way through `abort`.
  static let further: [Int32] = [
    __NR_pread64, __NR_pwrite64, __NR_readv, __NR_writev, __NR_lseek, __NR_close, __NR_fstat, __NR_ppoll,
    __NR_getrandom,
    __NR_sched_yield, __NR_restart_syscall, __NR_rt_sigprocmask, __NR_rt_sigaction,
    __NR_sigaltstack, __NR_getpid, __NR_gettid, __NR_tgkill,
  ]
  /// What glibc's poll(2) calls; arm64 has `ppoll` only.
  #if arch(x86_64)
    static let waiting: [Int32] = [__NR_poll]
  #else
    static let waiting: [Int32] = []
  #endif
  /// Allowed as long as the third argument does not ask for executable memory.
  static let mappings: [Int32] = [__NR_mmap, __NR_mprotect]

  /// Offsets in `struct seccomp_data`: nr, arch, instruction_pointer, args (64 bits each; low half first on the two
  /// little-endian machines this is built for).
  private static let numberOffset: UInt32 = 0
  private static let architectureOffset: UInt32 = 4
  private static let thirdArgumentOffset: UInt32 = 16 + 2 * 8

  /// Instruction codes of linux/bpf_common.h: class | size | mode, class | operation | source.
  private static let load: UInt16 = 0x20  // BPF_LD | BPF_W | BPF_ABS
  private static let jumpIfEqual: UInt16 = 0x15  // BPF_JMP | BPF_JEQ | BPF_K
  private static let jumpIfSet: UInt16 = 0x45  // BPF_JMP | BPF_JSET | BPF_K
  private static let answer: UInt16 = 0x06  // BPF_RET | BPF_K

  /// Answers of linux/seccomp.h.
  private static let allow: UInt32 = 0x7fff_0000
  private static let kill: UInt32 = 0x8000_0000
  private static let deny: UInt32 = 0x0005_0000 | UInt32(EPERM)

  /// `struct sock_filter` in eight bytes: code 16, jump if true 8, if false 8, operand 32.
  private static func instruction(_ code: UInt16, _ ifTrue: Int, _ ifFalse: Int, _ operand: UInt32) -> UInt64 {
    UInt64(code) | UInt64(UInt8(clamping: ifTrue)) << 16 | UInt64(UInt8(clamping: ifFalse)) << 24
      | UInt64(operand) << 32
  }

  static func program() -> [UInt64] {
    let allowed = core + further + waiting
    var program = [
      instruction(load, 0, 0, architectureOffset),
      // Another architecture's numbers mean other calls.
      instruction(jumpIfEqual, 1, 0, veil_audit_architecture),
      instruction(answer, 0, 0, kill),
      instruction(load, 0, 0, numberOffset),
    ]
    // After the comparisons follow, in this order: deny, allow, and the look at the protection flags.
    let comparisons = allowed.count + mappings.count
    for (index, call) in (allowed + mappings).enumerated() {
      let left = comparisons - index - 1
      program.append(instruction(jumpIfEqual, left + (index < allowed.count ? 1 : 2), 0, UInt32(call)))
    }
    program += [
      instruction(answer, 0, 0, deny),
      instruction(answer, 0, 0, allow),
      instruction(load, 0, 0, thirdArgumentOffset),
      instruction(jumpIfSet, 0, 1, UInt32(PROT_EXEC)),
      instruction(answer, 0, 0, deny),
      instruction(answer, 0, 0, allow),
    ]
    return program
  }

  /// Installs the filter for this thread and all that it makes. False where the kernel has no seccomp.
  static func install() -> Bool {
    let program = program()
    // Sound: the array is lent for the call with its own count; eight bytes an instruction, as the kernel wants them.
    return unsafe program.withUnsafeBytes { unsafe veil_seccomp($0.baseAddress, UInt16(program.count)) } == 0
  }
}
