// LD_PRELOAD shim: makes the Nth chosen file operation of a process fail, or kills the
// process there. The count is one for the whole process (strace's when= counts per
// thread, so it misses Deno's pool threads).
//
//   gcc -O1 -shared -fPIC -o failio.so failio.c -ldl
//   export FAILIO_CALLS=fsync,rename FAILIO_PATH=store/ FAILIO_WHEN=3 FAILIO_DO=EIO
//   LD_PRELOAD=$PWD/failio.so deno run -A main.ts
//
// FAILIO_CALLS  of: fsync fdatasync write pwrite writev rename link symlink unlink mkdir
//               open (only opens that may create or write) ftruncate; "all" for all these.
//               openread: opens that only read, which "all" leaves out.
// FAILIO_PATH   only operations on a path that contains this (default: every path); calls
//               on a file descriptor see the absolute path, the others what was passed.
// FAILIO_WHEN   "3": the third; "3+": the third and every later one; "0": none (to count).
// FAILIO_DO     EIO ENOSPC EDQUOT EROFS EMFILE EACCES EINTR: fail with it (default EIO);
//               KILL: SIGKILL before the operation; KILLAFTER: do it, then SIGKILL;
//               SHORT: write half of the buffer, then SIGKILL (a torn write).
// FAILIO_LOG    append "N call path" to this file for each counted operation.
// Children started without LD_PRELOAD in their environment are not touched; those that
// inherit it count for themselves.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long count;
static const struct { const char *name; int err; } errs[] = {
  {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS},
  {"EMFILE", EMFILE}, {"EACCES", EACCES}, {"EINTR", EINTR}, {0, 0}};
enum { GO = 0, AFTER = -1, SHORT = -2 };

static const char *env(const char *k, const char *d) { const char *v = getenv(k); return v && *v ? v : d; }
static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); for (;;) pause(); }
static int listed(const char *call) {
  const char *l = env("FAILIO_CALLS", ""); size_t n = strlen(call);
  if (!strcmp(l, "all")) return strcmp(call, "openread") != 0;
  for (const char *p = l; (p = strstr(p, call)); p += n)
    if ((p == l || p[-1] == ',') && (p[n] == 0 || p[n] == ',')) return 1;
  return 0;
}
// > 0: fail with that errno; otherwise GO, AFTER or SHORT
static int judge(const char *call, const char *path, int fd) {
  char buf[4096], link[64];
  if (!listed(call)) return GO;
  if (!path) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long n = syscall(SYS_readlinkat, AT_FDCWD, link, buf, sizeof buf - 1);
    buf[n < 0 ? 0 : n] = 0; path = buf;
  }
  const char *want = env("FAILIO_PATH", "");
  if (!strstr(path, want)) return GO;
  long n = atomic_fetch_add(&count, 1) + 1;
  const char *log = env("FAILIO_LOG", 0);
  if (log) {
    char line[4400]; int k = snprintf(line, sizeof line, "%ld %s %s\n", n, call, path);
    int l = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (l >= 0) { syscall(SYS_write, l, line, k); syscall(SYS_close, l); }
  }
  const char *w = env("FAILIO_WHEN", "1"); char *end; long at = strtol(w, &end, 10);
  if (at <= 0 || (*end == '+' ? n < at : n != at)) return GO;
  const char *d = env("FAILIO_DO", "EIO");
  if (!strcmp(d, "KILL")) die();
  if (!strcmp(d, "KILLAFTER")) return AFTER;
  if (!strcmp(d, "SHORT")) return SHORT;
  for (int i = 0; errs[i].name; i++) if (!strcmp(d, errs[i].name)) return errs[i].err;
  return EIO;
}
#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define RUN(call, path, fd, expr) do { int j = judge(call, path, fd); \
  if (j > 0) { errno = j; return -1; } \
  __typeof__(expr) r = (expr); if (j == AFTER || j == SHORT) die(); return r; } while (0)

int fsync(int fd) { REAL(fsync); RUN("fsync", 0, fd, real(fd)); }
int fdatasync(int fd) { REAL(fdatasync); RUN("fdatasync", 0, fd, real(fd)); }
ssize_t write(int fd, const void *b, size_t n) {
  REAL(write); int j = judge("write", 0, fd);
  if (j > 0) { errno = j; return -1; }
  ssize_t r = real(fd, b, j == SHORT ? n / 2 : n); if (j < 0) die(); return r;
}
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) {
  REAL(pwrite64); int j = judge("pwrite", 0, fd);
  if (j > 0) { errno = j; return -1; }
  ssize_t r = real(fd, b, j == SHORT ? n / 2 : n, o); if (j < 0) die(); return r;
}
ssize_t writev(int fd, const struct iovec *v, int n) { REAL(writev); RUN("writev", 0, fd, real(fd, v, n)); }
int ftruncate64(int fd, off64_t n) { REAL(ftruncate64); RUN("ftruncate", 0, fd, real(fd, n)); }
int rename(const char *a, const char *b) { REAL(rename); RUN("rename", b, 0, real(a, b)); }
int linkat(int d, const char *a, int e, const char *b, int f) { REAL(linkat); RUN("link", b, 0, real(d, a, e, b, f)); }
int symlink(const char *a, const char *b) { REAL(symlink); RUN("symlink", b, 0, real(a, b)); }
int unlink(const char *a) { REAL(unlink); RUN("unlink", a, 0, real(a)); }
int mkdir(const char *a, mode_t m) { REAL(mkdir); RUN("mkdir", a, 0, real(a, m)); }
int open64(const char *a, int f, ...) {
  REAL(open64); va_list l; va_start(l, f); mode_t m = va_arg(l, mode_t); va_end(l);
  if (!(f & (O_WRONLY | O_RDWR | O_CREAT))) RUN("openread", a, 0, real(a, f, m));
  RUN("open", a, 0, real(a, f, m));
}
