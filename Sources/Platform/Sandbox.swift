// What a worker shuts itself into before it reads the first hostile byte.
// Linux: no new privileges (prctl(2)), Landlock with no rule (landlock(7)), a seccomp allow list (seccomp(2)), limits.

import CVeilPlatform
import Glibc

/// The protections that are on. Where the kernel lacks one, the others hold all the same.
public struct Sandbox: OptionSet, Sendable, CustomStringConvertible {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// No program started from here can gain privileges.
  public static let noNewPrivileges = Sandbox(rawValue: 1 << 0)
  /// No core file, and no other process of the same user may look into the memory, which holds evidence.
  public static let noDump = Sandbox(rawValue: 1 << 1)
  /// No further descriptor can be opened (resource limit).
  public static let limits = Sandbox(rawValue: 1 << 2)
  /// No path can be opened, no port bound or connected to (Landlock, as far as this kernel's version goes).
  public static let noPaths = Sandbox(rawValue: 1 << 3)
  /// System calls that are not on the list fail with EPERM.
  public static let callList = Sandbox(rawValue: 1 << 4)
  /// The worker is killed when its supervisor goes.
  public static let diesWithParent = Sandbox(rawValue: 1 << 5)

  public static let all: Sandbox = [.noNewPrivileges, .noDump, .limits, .noPaths, .callList, .diesWithParent]

  /// Shuts this process in, for good. Call it on the only thread, once everything is open. Returns what is on.
  /// - Parameter memory: the largest address space in bytes; nil leaves it open.
  public static func enter(memory: UInt64? = nil) -> Sandbox {
    var on: Sandbox = []
    if veil_parent_death_signal(SIGKILL) == 0 { on.insert(.diesWithParent) }
    if veil_no_new_privileges() == 0 { on.insert(.noNewPrivileges) }
    if veil_limit(Int32(VEIL_LIMIT_CORE), 0) == 0, veil_not_dumpable() == 0 { on.insert(.noDump) }
    if let memory { _ = veil_limit(Int32(VEIL_LIMIT_ADDRESS_SPACE), memory) }
    // Without privileges, Landlock and seccomp ask for no-new-privileges first.
    if Landlock.restrict() { on.insert(.noPaths) }
    // Open descriptors stay, 0 among them, so that no number is left. Not 0: poll(2) refuses to wait for more than that.
    if veil_limit(Int32(VEIL_LIMIT_NOFILE), 1) == 0 { on.insert(.limits) }
    if CallList.install() { on.insert(.callList) }
    return on
  }

  /// The protections that are on, for a person: `no new privileges, no dump, …`.
  public var description: String {
    let names: [(Sandbox, String)] = [
      (.noNewPrivileges, "no new privileges"), (.noDump, "no dump"), (.limits, "limits"), (.noPaths, "no paths"),
      (.callList, "call list"), (.diesWithParent, "dies with its parent"),
    ]
    return names.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
  }
}

/// A Landlock ruleset that handles every right the kernel knows and allows none (linux/landlock.h).
private enum Landlock {
  /// Rights over files that version 1 knew, and how many bits each later version added.
  private static let fileRights: [(version: Int32, bits: Int)] = [(1, 13), (2, 14), (3, 15), (5, 16)]
  /// Version 4: binding and connecting TCP.
  private static let networkRights: UInt64 = 0b11
  /// Version 6: abstract sockets and signals to outside.
  private static let scopes: UInt64 = 0b11

  static func restrict() -> Bool {
    let version = veil_landlock_abi()
    guard version >= 1 else { return false }
    let bits = fileRights.last { version >= $0.version }?.bits ?? 13
    // struct landlock_ruleset_attr: handled_access_fs, handled_access_net (from 4), scoped (from 6). A kernel takes a
    // longer struct than it knows where the rest is zero.
    let attributes: [UInt64] = [
      (1 << UInt64(bits)) &- 1, version >= 4 ? networkRights : 0, version >= 6 ? scopes : 0,
    ]
    // Sound: the array is lent for the call with its own size.
    let ruleset = unsafe attributes.withUnsafeBytes { unsafe veil_landlock_create($0.baseAddress, $0.count) }
    guard ruleset >= 0 else { return false }
    defer { close(ruleset) }
    return veil_landlock_restrict(ruleset) == 0
  }
}
