/**
 * Owns commands started by posix_spawn through FFI: their descriptors, their waiting, their reaping. It never blocks
 * its thread (one `poll` a command waits in a native thread) and never awaits while it holds something unowned.
 *
 * Why not Deno.Command: with `detached` it forks, which costs 2 to 3 ms a command and grows with the heap; this costs
 * what ninja pays. The price is that descriptors are plain numbers: a worker terminated while its command runs leaves
 * three of them open. Whatever a native thread may still write to lies in memory of the C library, not in the
 * isolate's, which can be gone by then.
 *
 * @module
 */
import { type Capture, captureOf } from "./capture.ts";
import {
  type Ended,
  findProgram,
  type Invocation,
  type RunningProcess,
  type Spawner,
  spawnError,
} from "./invocation.ts";
import {
  decodeWaitStatus,
  errnoName,
  F_SETFL,
  F_SETPIPE_SZ,
  type Libc,
  O_CLOEXEC,
  O_NONBLOCK,
  openLibc,
  pidfdOpen,
  POLLIN,
  signalNumber,
  SPAWN_FLAGS,
} from "./posix_libc.ts";
import { endGroup, type SignalGroup } from "./process_group.ts";

/** Signals a command starts with as the system has them: PIPE, which Deno ignores, and those troupe handles. */
const DEFAULT_SIGNALS = ["SIGPIPE", "SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** Bytes read at once; one buffer a thread. */
const CHUNK_BYTES = 256 * 1024;

/** A pipe's capacity, and what it is raised to for a command that has shown to print much. */
const PIPE_BYTES = 64 * 1024;
const WIDE_PIPE_BYTES = 1024 * 1024;

/** Read from one pipe before the thread looks at its messages again. */
const TURN_BYTES = 4 * 1024 * 1024;

/** Three `struct pollfd`. */
const POLL_SET_BYTES = 24;

const ENOEXEC = 8;
const DEV_NULL = new TextEncoder().encode("/dev/null\0");

/** The spawner by FFI, or undefined where the system, the permissions or a sandbox do not allow it. */
export function openPosixSpawner(): Spawner | undefined {
  const libc = openLibc();
  if (libc === undefined) return undefined;
  const probe = pidfdOpen(libc, Deno.pid);
  if (probe < 0) return undefined;
  libc.close(probe);
  const spawner = new PosixSpawner(libc);
  return (invocation) => spawner.start(invocation);
}

/** What the commands of one thread share. */
class PosixSpawner {
  readonly libc: Libc;
  readonly chunk = new Uint8Array(CHUNK_BYTES);
  readonly #attributes = new Uint8Array(1024);
  readonly #pollSets: PollSet[] = [];

  constructor(libc: Libc) {
    this.libc = libc;
    const noSignals = new Uint8Array(128);
    const defaults = new Uint8Array(128);
    for (const name of DEFAULT_SIGNALS) {
      const bit = signalNumber(name) - 1;
      defaults[bit >> 3] |= 1 << (bit & 7);
    }
    libc.posix_spawnattr_init(this.#attributes);
    libc.posix_spawnattr_setflags(this.#attributes, SPAWN_FLAGS);
    libc.posix_spawnattr_setpgroup(this.#attributes, 0);
    libc.posix_spawnattr_setsigdefault(this.#attributes, defaults);
    libc.posix_spawnattr_setsigmask(this.#attributes, noSignals);
  }

  start(invocation: Invocation): RunningProcess {
    const program = findProgram(invocation);
    const out = this.#openPipe(invocation);
    let err: Pipe | undefined;
    try {
      err = this.#openPipe(invocation);
      const pid = this.#spawn(invocation, program, [out.writeEnd, err.writeEnd]);
      const pidfd = pidfdOpen(this.libc, pid);
      if (pidfd < 0) {
        this.libc.kill(-pid, signalNumber("SIGKILL"));
        this.libc.waitpid(pid, new Int32Array(1), 0);
        throw spawnError("EMFILE", invocation);
      }
      return new PosixProcess(this, { invocation, pid, pidfd, out: out.readEnd, err: err.readEnd });
    } catch (error) {
      this.libc.close(out.readEnd);
      if (err !== undefined) this.libc.close(err.readEnd);
      throw error;
    } finally {
      this.libc.close(out.writeEnd);
      if (err !== undefined) this.libc.close(err.writeEnd);
    }
  }

  takePollSet(): PollSet {
    return this.#pollSets.pop() ?? new PollSet(this.libc);
  }

  /** Poll sets go round and are never freed: there are as many as commands ever ran at once. */
  returnPollSet(set: PollSet): void {
    this.#pollSets.push(set);
  }

  #openPipe(invocation: Invocation): Pipe {
    const ends = new Int32Array(2);
    if (this.libc.pipe2(ends, O_CLOEXEC) !== 0) throw spawnError("EMFILE", invocation);
    // only our end: the command must find a pipe that blocks when it is full
    this.libc.fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return { readEnd: ends[0], writeEnd: ends[1] };
  }

  #spawn(invocation: Invocation, program: string, [out, err]: readonly [number, number]): number {
    const { libc } = this;
    const actions = new Uint8Array(512);
    libc.posix_spawn_file_actions_init(actions);
    try {
      libc.posix_spawn_file_actions_addopen(actions, 0, DEV_NULL, 0, 0);
      libc.posix_spawn_file_actions_adddup2(actions, out, 1);
      libc.posix_spawn_file_actions_adddup2(actions, err, 2);
      libc.posix_spawn_file_actions_addchdir_np(actions, new TextEncoder().encode(`${invocation.cwd}\0`));
      const pid = new Int32Array(1);
      const run = (argv: readonly string[]): number => {
        const { path, args, env } = encode(argv, invocation);
        return libc.posix_spawn(pid, path, actions, this.#attributes, args, env);
      };
      let errno = run([program, ...invocation.argv.slice(1)]);
      // a script without a first line that names its interpreter is the shell's, as execvp has it
      if (errno === ENOEXEC) errno = run(["/bin/sh", program, ...invocation.argv.slice(1)]);
      if (errno !== 0) throw spawnError(errnoName(errno), invocation);
      return pid[0];
    } finally {
      libc.posix_spawn_file_actions_destroy(actions);
    }
  }
}

interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** The C form of a command: all strings in one buffer, which stays alive because it is also the path. */
function encode(argv: readonly string[], invocation: Invocation) {
  const strings = [...argv];
  for (const name in invocation.env) strings.push(`${name}=${invocation.env[name]}`);
  const path = new TextEncoder().encode(`${strings.join("\0")}\0`);
  // both vectors in one array, each with its closing null
  const vectors = new BigUint64Array(strings.length + 2);
  const base = Deno.UnsafePointer.value(Deno.UnsafePointer.of(path));
  let start = 0;
  for (let i = 0; i < strings.length; i++) {
    vectors[i < argv.length ? i : i + 1] = base + BigInt(start);
    start = path.indexOf(0, start) + 1;
  }
  if (start !== path.length || invocation.cwd.includes("\0")) throw spawnError("EINVAL", invocation);
  return { path, args: vectors, env: vectors.subarray(argv.length + 1) };
}

/** The three things one command is awaited by, as an array of `struct pollfd` outside the isolate. */
class PollSet {
  readonly pointer: Deno.PointerValue;
  /** Two words each: descriptor; events and, in the upper half, what happened. */
  readonly #words: Int32Array;

  constructor(libc: Libc) {
    this.pointer = libc.malloc(BigInt(POLL_SET_BYTES));
    if (this.pointer === null) throw new Error("Bug: no memory for a poll set");
    this.#words = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(this.pointer, POLL_SET_BYTES));
  }

  watch(...descriptors: readonly [number, number, number]): void {
    descriptors.forEach((descriptor, i) => {
      this.#words[2 * i] = descriptor;
      this.#words[2 * i + 1] = POLLIN;
    });
  }

  /** Poll passes over negative descriptors. */
  ignore(index: number): void {
    this.#words[2 * index] = -1;
    this.#words[2 * index + 1] = 0;
  }

  happened(index: number): boolean {
    return this.#words[2 * index + 1] >>> 16 !== 0;
  }
}

interface Handles {
  readonly invocation: Invocation;
  readonly pid: number;
  readonly pidfd: number;
  readonly out: number;
  readonly err: number;
}

/** One command from its start to the end of its group. */
class PosixProcess implements RunningProcess {
  readonly groupId: number;
  readonly ended: Promise<Ended>;
  readonly #spawner: PosixSpawner;
  readonly #handles: Handles;
  readonly #streams: readonly [Stream, Stream];
  #isGone = false;

  constructor(spawner: PosixSpawner, handles: Handles) {
    this.#spawner = spawner;
    this.#handles = handles;
    this.groupId = handles.pid;
    this.#streams = [
      new Stream(spawner, handles.out, captureOf("stdout", handles.invocation)),
      new Stream(spawner, handles.err, captureOf("stderr", handles.invocation)),
    ];
    this.ended = this.#run();
  }

  signal(name: "SIGTERM" | "SIGKILL"): void {
    this.#signalGroup(name);
  }

  readonly #signalGroup: SignalGroup = (signal) =>
    !this.#isGone && this.#spawner.libc.kill(-this.groupId, signal === 0 ? 0 : signalNumber(signal)) === 0;

  async #run(): Promise<Ended> {
    const { libc } = this.#spawner;
    const { pid, pidfd } = this.#handles;
    await this.#awaitLeader();
    libc.close(pidfd);
    // before the leader is reaped: as long as it is a zombie no other group can get this id
    this.#signalGroup("SIGTERM");
    const status = new Int32Array(1);
    libc.waitpid(pid, status, 0);
    await endGroup(this.groupId, this.#signalGroup);
    this.#isGone = true;
    const [stdout, stderr] = this.#streams.map((stream) => stream.close());
    return { ...decodeWaitStatus(status[0]), output: { stdout, stderr } };
  }

  async #awaitLeader(): Promise<void> {
    const { libc } = this.#spawner;
    const set = this.#spawner.takePollSet();
    set.watch(this.#handles.out, this.#handles.err, this.#handles.pidfd);
    do {
      // a signal to this thread makes it fail with nothing touched
      if (await libc.poll(set.pointer, 3n, -1) < 0) continue;
      this.#streams.forEach((stream, i) => {
        // the end of a stream stays readable for ever
        if (set.happened(i) && stream.read(TURN_BYTES) === "ended") set.ignore(i);
      });
    } while (!set.happened(2));
    this.#spawner.returnPollSet(set);
  }
}

/** Our end of one pipe and what came through it. */
class Stream {
  readonly #spawner: PosixSpawner;
  readonly #descriptor: number;
  readonly #capture: Capture;
  #total = 0;
  #capacity = PIPE_BYTES;

  constructor(spawner: PosixSpawner, descriptor: number, capture: Capture) {
    this.#spawner = spawner;
    this.#descriptor = descriptor;
    this.#capture = capture;
  }

  /** Reads what is there, up to a limit or a chunk more. */
  read(limit: number): "ended" | "open" {
    const { libc, chunk } = this.#spawner;
    for (let total = 0; total < limit;) {
      const length = libc.read(this.#descriptor, chunk, BigInt(CHUNK_BYTES));
      if (length === 0) return "ended";
      if (length < 0) return "open";
      this.#take(chunk.subarray(0, length));
      total += length;
    }
    return "open";
  }

  /** Takes what the leader left in the pipe and closes it; whoever else holds the other end does not matter. */
  close(): ReturnType<Capture["finish"]> {
    this.read(this.#capacity);
    this.#spawner.libc.close(this.#descriptor);
    return this.#capture.finish();
  }

  #take(bytes: Uint8Array): void {
    this.#capture.add(bytes);
    this.#total += bytes.length;
    if (this.#total > 4 * PIPE_BYTES && this.#capacity === PIPE_BYTES) this.#widen();
  }

  #widen(): void {
    this.#capacity = WIDE_PIPE_BYTES;
    this.#spawner.libc.fcntl(this.#descriptor, F_SETPIPE_SZ, WIDE_PIPE_BYTES);
  }
}
