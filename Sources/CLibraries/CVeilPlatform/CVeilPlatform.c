// The bodies of the wrappers: a call each.
#define _GNU_SOURCE
#include "CVeilPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <termios.h>
#include <unistd.h>

#if defined(__x86_64__)
const uint32_t veil_audit_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
const uint32_t veil_audit_architecture = AUDIT_ARCH_AARCH64;
#else
#error "the sandbox's filter is written for x86-64 and arm64"
#endif

// linux/landlock.h of Debian 12 names them; an older header may not.
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_restrict_self 446
#endif

int veil_memfd_create(const char *name, unsigned int flags) { return memfd_create(name, flags); }

int veil_renameat2(int old_folder, const char *old_name, int new_folder, const char *new_name, unsigned int flags) {
  return renameat2(old_folder, old_name, new_folder, new_name, flags);
}

int64_t veil_copy_file_range(int from, int to, size_t count) { return copy_file_range(from, NULL, to, NULL, count, 0); }

int veil_open_unnamed(const char *folder, int mode) { return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode); }

int veil_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }

int veil_set_pipe_size(int descriptor, int bytes) { return fcntl(descriptor, F_SETPIPE_SZ, bytes); }

int veil_duplicate_above(int descriptor, int lowest) { return fcntl(descriptor, F_DUPFD_CLOEXEC, lowest); }

int veil_wait_readable(int descriptor) {
  struct pollfd request = {.fd = descriptor, .events = POLLIN};
  return ppoll(&request, 1, NULL, NULL);
}

int veil_is_open(int descriptor) { return fcntl(descriptor, F_GETFD); }

int veil_add_seals(int descriptor, int seals) { return fcntl(descriptor, F_ADD_SEALS, seals); }

int veil_terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : -1;
}

int veil_error_number(void) { return errno; }

void veil_set_error_number(int number) { errno = number; }

int veil_clock_state(int *status, int64_t *estimated_error, int64_t *maximum_error) {
  struct timex state = {.modes = 0};
  int result = adjtimex(&state);
  *status = state.status;
  *estimated_error = state.esterror;
  *maximum_error = state.maxerror;
  return result;
}

int veil_set_echo(int descriptor, int shown) {
  struct termios terminal;
  if (tcgetattr(descriptor, &terminal) != 0) return -1;
  terminal.c_lflag = shown ? terminal.c_lflag | ECHO : terminal.c_lflag & ~(tcflag_t)ECHO;
  return tcsetattr(descriptor, TCSAFLUSH, &terminal);
}

int veil_spawn_close_from(void *actions, int lowest) {
  return posix_spawn_file_actions_addclosefrom_np(actions, lowest);
}

int veil_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

int veil_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int veil_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int veil_seccomp(const void *instructions, unsigned short count) {
  struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)instructions};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

int veil_landlock_abi(void) { return (int)syscall(__NR_landlock_create_ruleset, NULL, 0, 1); }

int veil_landlock_create(const void *attributes, size_t size) {
  return (int)syscall(__NR_landlock_create_ruleset, attributes, size, 0);
}

int veil_landlock_restrict(int ruleset) { return (int)syscall(__NR_landlock_restrict_self, ruleset, 0); }

int veil_limit(int resource, uint64_t value) {
  struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
  return setrlimit(resource, &limit);
}
