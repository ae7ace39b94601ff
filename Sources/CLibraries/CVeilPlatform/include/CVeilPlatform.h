// The system calls and constants that the Glibc module does not show to Swift (they stand behind _GNU_SOURCE, are
// variadic, or have no wrapper). One call a function, no logic: errors are -1 with errno, as the calls give them.
#ifndef CVEILPLATFORM_H
#define CVEILPLATFORM_H

#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

// Files.
int veil_memfd_create(const char *name, unsigned int flags);
int veil_renameat2(int old_folder, const char *old_name, int new_folder, const char *new_name, unsigned int flags);
int64_t veil_copy_file_range(int from, int to, size_t count);
int veil_open_unnamed(const char *folder, int mode);
int veil_pipe(int *ends);
int veil_set_pipe_size(int descriptor, int bytes);
int veil_duplicate_above(int descriptor, int lowest);
int veil_is_open(int descriptor);
int veil_wait_readable(int descriptor);
int veil_add_seals(int descriptor, int seals);
int veil_terminal_columns(int descriptor);
int veil_error_number(void);
void veil_set_error_number(int number);

// The state of the system's clock (adjtimex, changing nothing): status bits, estimated and greatest error in
// microseconds. The result is TIME_OK and so on.
int veil_clock_state(int *status, int64_t *estimated_error, int64_t *maximum_error);
// Whether what is typed on a terminal is shown on it; -1 where the descriptor is none.
int veil_set_echo(int descriptor, int shown);

// Child processes. `actions` is a posix_spawn_file_actions_t *.
int veil_spawn_close_from(void *actions, int lowest);
int veil_parent_death_signal(int signal);

// Sandbox.
int veil_no_new_privileges(void);
int veil_not_dumpable(void);
int veil_seccomp(const void *instructions, unsigned short count);
int veil_landlock_abi(void);
int veil_landlock_create(const void *attributes, size_t size);
int veil_landlock_restrict(int ruleset);
int veil_limit(int resource, uint64_t value);

// The commit it was built from.
const char *veil_commit(void);

// The audit architecture number of this build, for the seccomp filter.
extern const uint32_t veil_audit_architecture;

enum {
  VEIL_MFD_CLOEXEC = 0x1,
  VEIL_MFD_ALLOW_SEALING = 0x2,
  VEIL_RENAME_NOREPLACE = 0x1,
  VEIL_RENAME_EXCHANGE = 0x2,
  VEIL_SEAL_SEAL = 0x1,
  VEIL_SEAL_SHRINK = 0x2,
  VEIL_SEAL_GROW = 0x4,
  VEIL_SEAL_WRITE = 0x8,
};

enum {
  VEIL_LIMIT_CORE = 4,
  VEIL_LIMIT_NOFILE = 7,
  VEIL_LIMIT_ADDRESS_SPACE = 9,
};

#endif
