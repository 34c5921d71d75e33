/**
 * Owns the C library as Linux has it: its functions by FFI, its constants, and the names of its error and signal
 * numbers. It keeps no descriptor and no memory, and decides nothing.
 *
 * @module
 */
import { type CLibrary, type Functions, openCLibrary } from "../machine/c_library.ts";

const SYMBOLS = {
  posix_spawn: { parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "buffer"], result: "i32" },
  posix_spawnattr_init: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_setflags: { parameters: ["buffer", "i16"], result: "i32" },
  posix_spawnattr_setsigdefault: { parameters: ["buffer", "buffer"], result: "i32" },
  posix_spawnattr_setsigmask: { parameters: ["buffer", "buffer"], result: "i32" },
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_destroy: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_adddup2: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  posix_spawn_file_actions_addopen: { parameters: ["buffer", "i32", "buffer", "i32", "u32"], result: "i32" },
  posix_spawn_file_actions_addchdir_np: { parameters: ["buffer", "buffer"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  getrusage: { parameters: ["i32", "buffer"], result: "i32" },
  wait4: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" },
  faccessat: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  poll: { parameters: ["pointer", "usize", "i32"], result: "i32", nonblocking: true },
  pollHere: { name: "poll", parameters: ["pointer", "usize", "i32"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  // what is read at once fits an i32, which spares a BigInt a call
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  malloc: { parameters: ["usize"], result: "pointer" },
  signal: { parameters: ["i32", "usize"], result: "usize" },
  sigaction: { parameters: ["i32", "pointer", "buffer"], result: "i32" },
  prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
  syscall: { parameters: ["i64", "i64", "i64"], result: "i64" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions in use, by their C names. */
export type Libc = Functions<typeof SYMBOLS>;

/** POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID */
export const SPAWN_FLAGS = 4 | 8 | 0x80;
export const O_CLOEXEC = 0o2000000;
export const O_NONBLOCK = 0o4000;
export const F_SETFL = 4;
export const F_SETPIPE_SZ = 1031;
export const POLLIN = 1;
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const F_OK = 0;
export const X_OK = 1;
/** O_WRONLY | O_CREAT | O_TRUNC */
export const O_REPLACE = 1 | 0o100 | 0o1000;

export const WNOHANG = 1;

const PR_SET_CHILD_SUBREAPER = 36;
const SIG_DFL = 0n;
const SIG_IGN = 1n;
/** More than any `struct sigaction`, which begins with the handler. */
const SIGACTION_BYTES = 512;

/** System call number, the same on every architecture. */
const PIDFD_OPEN = 434n;

/** The C library, or undefined where it, one of its functions, or the permission to call it is missing. Never asks. */
export function openLibc(): CLibrary<typeof SYMBOLS> | undefined {
  return openCLibrary(SYMBOLS);
}

/**
 * Makes the system tell how commands end. Whoever started troupe may have left SIGCHLD ignored, and then the system
 * forgets each child as it ends, and `waitpid` finds none.
 */
export function rememberChildren(libc: Libc): void {
  const number = signalNumber("SIGCHLD");
  const action = new BigUint64Array(SIGACTION_BYTES / 8);
  if (libc.sigaction(number, null, action) === 0 && action[0] === SIG_IGN) libc.signal(number, SIG_DFL);
}

/**
 * Keeps this process from being stopped for what it reads from or writes to its terminal in the background, which no
 * handler could pass on to its commands: it gets an error instead, or writes all the same.
 */
export function forgoTerminal(libc: Libc): void {
  for (const name of ["SIGTTIN", "SIGTTOU"]) libc.signal(signalNumber(name), SIG_IGN);
}

/** Makes this process the parent of what its children leave behind; answers whether it is. */
export function becomeSubreaper(libc: Libc): boolean {
  return libc.prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n) === 0;
}

/** A descriptor that becomes readable when a process ends, or -1. */
export function pidfdOpen(libc: Libc, pid: number): number {
  return Number(libc.syscall(PIDFD_OPEN, BigInt(pid), 0n));
}

const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  5: "EIO",
  7: "E2BIG",
  8: "ENOEXEC",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  26: "ETXTBSY",
  36: "ENAMETOOLONG",
  40: "ELOOP",
};

/** Numbers of 64 bits in `struct rusage`, on systems of 64 bits. */
export const RUSAGE_NUMBERS = 18;

const RUSAGE_SELF = 0;

/**
 * What a `struct rusage` of a child tells: user and system time together, and the highest memory. A child begins with
 * what its parent had (Linux counts the memory that it shares until it becomes its program), so what is not more than
 * that is not known.
 */
export function decodeUsage(libc: Libc, usage: BigInt64Array): { readonly cpuUs: number; readonly maxRssKb?: number } {
  const [userS, userUs, systemS, systemUs, maxRssKb] = usage;
  const cpuUs = Number((userS + systemS) * 1_000_000n + userUs + systemUs);
  const own = new BigInt64Array(RUSAGE_NUMBERS);
  const isKnown = libc.getrusage(RUSAGE_SELF, own) === 0 && maxRssKb > own[4];
  return isKnown ? { cpuUs, maxRssKb: Number(maxRssKb) } : { cpuUs };
}

/** Name of an error number. */
export function errnoName(errno: number): string {
  return ERRNO_NAMES[errno] ?? `error ${errno}`;
}

const SIGNAL_NAMES =
  ("HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG " +
    "XCPU XFSZ VTALRM PROF WINCH IO PWR SYS").split(" ");

/** Number of a signal, e.g. 15 of `SIGTERM`. */
export function signalNumber(name: string): number {
  return SIGNAL_NAMES.indexOf(name.slice("SIG".length)) + 1;
}

/** The two parts of a wait status, of which one is null. */
export function decodeWaitStatus(status: number): { readonly code: number | null; readonly signal: string | null } {
  const number = status & 0x7f;
  if (number === 0) return { code: (status >> 8) & 0xff, signal: null };
  return { code: null, signal: `SIG${SIGNAL_NAMES[number - 1] ?? number}` };
}
