/**
 * Owns commands started by posix_spawn through FFI: their descriptors, their waiting, their reaping. It blocks its
 * thread for no longer than a short command takes, and only where that is allowed (then one `poll` a command waits in a
 * native thread), and never awaits while it holds something unowned.
 *
 * Why not Deno.Command: with `detached` it forks, which costs 2 to 3 ms a command and grows with the heap; this costs
 * what ninja pays. The price is that descriptors are plain numbers: a worker terminated while its command runs leaves
 * three of them open. Whatever a native thread may still write to lies in memory of the C library, not in the
 * isolate's, which can be gone by then.
 *
 * A command leads a session of its own, and with it a group, as without a terminal the question that a program has for
 * somebody is an error at once. In a mere group of its own it would be kept from reading there, and some ask for ever.
 *
 * @module
 */
import { Capture, captureOf } from "./capture.ts";
import {
  type Ended,
  findProgram,
  type Orphans,
  type RunningProcess,
  searchPath,
  type Spawner,
  SpawnError,
  spawnError,
  type SpawnOptions,
  UNKNOWN_END,
} from "./spawn.ts";
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  decodeUsage,
  decodeWaitStatus,
  errnoName,
  F_OK,
  forgoTerminal,
  type Libc,
  O_REPLACE,
  openLibc,
  pidfdOpen,
  rememberChildren,
  RUSAGE_NUMBERS,
  signalNumber,
  SPAWN_FLAGS,
  X_OK,
} from "./posix_libc.ts";
import { adoptOrphans, reapGroup } from "./posix_orphans.ts";
import { CHUNK_BYTES, openPipe, type Pipe, PipeReader, PollSet } from "./posix_pipes.ts";
import { StringEncoder } from "./posix_strings.ts";
import { endGroup, type ProcessGroup } from "./process_group.ts";
import type { JobSignal } from "./signals.ts";

/**
 * Signals a command starts with as the system has them: PIPE, which Deno ignores, those troupe handles, and those it ignores,
 * which a shell at a terminal that the command makes itself needs.
 */
const DEFAULT_SIGNALS = ["SIGPIPE", "SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTTIN", "SIGTTOU"];

/**
 * So long a command is waited for in its own thread, which hears nothing meanwhile; whatever takes longer is waited for
 * in a native one. The many commands that take less are spared that thread's start, its end, and a turn of the loop.
 */
const SHORT_MS = 10;

/** So many commands of one thread are worth quicker calls. */
const MANY = 150;

const ENOEXEC = 8;
const DEV_NULL = new TextEncoder().encode("/dev/null\0");

/** What FFI makes possible. */
export interface Posix {
  readonly start: Spawner;
  /** See `adoptOrphans` of process.ts. */
  adoptOrphans(): Orphans | undefined;
  /** See `isThere` of machine/regular_file.ts; undefined where the C library cannot tell. */
  readonly isThere?: (path: string) => boolean;
}

/** The back end by FFI, or undefined where the system, the permissions or a sandbox do not allow it. */
export function openPosix(): Posix | undefined {
  const library = openLibc();
  if (library === undefined) return undefined;
  const libc = library.functions;
  const probe = pidfdOpen(libc, Deno.pid);
  if (probe < 0) return undefined;
  libc.close(probe);
  rememberChildren(libc);
  const spawner = new PosixSpawner(library);
  const encoder = new TextEncoder();
  const isThere = (path: string) =>
    libc.faccessat(AT_FDCWD, encoder.encode(`${path}\0`), F_OK, AT_SYMLINK_NOFOLLOW) === 0;
  return {
    start: (options) => spawner.start(options),
    adoptOrphans: () => {
      forgoTerminal(libc);
      return adoptOrphans(libc);
    },
    isThere: isThere("/") ? isThere : undefined,
  };
}

/** What the commands of one thread share. */
class PosixSpawner {
  readonly libc: Libc;
  readonly #library: { compile(): void };
  #started = 0;
  readonly chunk = new Uint8Array(CHUNK_BYTES);
  readonly #attributes = new Uint8Array(1024);
  readonly #pollSets: PollSet[] = [];
  readonly #strings = new StringEncoder();
  /** Where programs without a slash may lie, of one search path. */
  readonly #places = new Map<string, readonly Place[]>();
  #search: string | undefined;

  constructor(library: NonNullable<ReturnType<typeof openLibc>>) {
    const libc = this.libc = library.functions;
    this.#library = library;
    const noSignals = new Uint8Array(128);
    const defaults = new Uint8Array(128);
    for (const name of DEFAULT_SIGNALS) {
      const bit = signalNumber(name) - 1;
      defaults[bit >> 3] |= 1 << (bit & 7);
    }
    libc.posix_spawnattr_init(this.#attributes);
    libc.posix_spawnattr_setflags(this.#attributes, SPAWN_FLAGS);
    libc.posix_spawnattr_setsigdefault(this.#attributes, defaults);
    libc.posix_spawnattr_setsigmask(this.#attributes, noSignals);
  }

  start(options: SpawnOptions): RunningProcess {
    if (++this.#started === MANY) this.#library.compile();
    return this.#startDirectly(options) ?? this.#start(options);
  }

  /** Without a shell; undefined when that does not work, for whatever reason: the shell will say it in its own words. */
  #startDirectly(options: SpawnOptions): RunningProcess | undefined {
    const { direct } = options;
    if (direct === undefined) return undefined;
    const program = this.#find(direct.argv[0], options);
    if (program === undefined) return undefined;
    const { stdout } = direct;
    try {
      return this.#start({ ...options, argv: [program, ...direct.argv.slice(1)], direct: undefined }, {
        name: direct.argv[0],
        stdout,
      });
    } catch (error) {
      if (error instanceof SpawnError) return undefined;
      throw error;
    }
  }

  #find(program: string, options: SpawnOptions): string | undefined {
    if (program.includes("/")) return program;
    const search = searchPath(options);
    let places = search === this.#search ? this.#places.get(program) : undefined;
    if (places === undefined) {
      if (search !== this.#search) this.#places.clear();
      this.#search = search;
      places = placesOf(program, search);
      this.#places.set(program, places);
    }
    return places.find(({ bytes }) => this.libc.faccessat(AT_FDCWD, bytes, X_OK, 0) === 0)?.path;
  }

  #start(options: SpawnOptions, direct?: { name: string; stdout?: string }): RunningProcess {
    const program = direct === undefined ? findProgram(options) : options.argv[0];
    // Nothing comes through the pipe of a command whose stdout goes to a file.
    const out = direct?.stdout === undefined ? this.#openPipe(options) : undefined;
    let err: Pipe | undefined;
    try {
      err = this.#openPipe(options);
      const pid = this.#spawn(options, program, { ...direct, out: out?.writeEnd, err: err.writeEnd });
      const pidfd = pidfdOpen(this.libc, pid);
      if (pidfd < 0) {
        this.libc.kill(-pid, signalNumber("SIGKILL"));
        this.libc.waitpid(pid, new Int32Array(1), 0);
        throw spawnError("EMFILE", options);
      }
      return new PosixProcess(this, { options, pid, pidfd, out: out?.readEnd, err: err.readEnd });
    } catch (error) {
      if (out !== undefined) this.libc.close(out.readEnd);
      if (err !== undefined) this.libc.close(err.readEnd);
      throw error;
    } finally {
      if (out !== undefined) this.libc.close(out.writeEnd);
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

  #openPipe(options: SpawnOptions): Pipe {
    const pipe = openPipe(this.libc);
    if (pipe === undefined) throw spawnError("EMFILE", options);
    return pipe;
  }

  #spawn(
    options: SpawnOptions,
    program: string,
    { out, err, name, stdout }: { out?: number; err: number; name?: string; stdout?: string },
  ): number {
    const { libc } = this;
    const encoder = new TextEncoder();
    const actions = new Uint8Array(512);
    if (options.cwd.includes("\0")) throw spawnError("EINVAL", options);
    libc.posix_spawn_file_actions_init(actions);
    try {
      libc.posix_spawn_file_actions_addopen(actions, 0, DEV_NULL, 0, 0);
      if (out !== undefined) libc.posix_spawn_file_actions_adddup2(actions, out, 1);
      libc.posix_spawn_file_actions_adddup2(actions, err, 2);
      libc.posix_spawn_file_actions_addchdir_np(actions, encoder.encode(`${options.cwd}\0`));
      if (stdout !== undefined) {
        libc.posix_spawn_file_actions_addopen(actions, 1, encoder.encode(`${stdout}\0`), O_REPLACE, 0o666);
      }
      const pid = new Int32Array(1);
      const run = (argv: readonly string[], file?: string): number => {
        const strings = this.#strings.encode(argv, options);
        if (strings === undefined) throw spawnError("EINVAL", options);
        const path = file === undefined ? strings.path : encoder.encode(`${file}\0`);
        return libc.posix_spawn(pid, path, actions, this.#attributes, strings.args, strings.env);
      };
      const rest = options.argv.slice(1);
      let errno = name === undefined ? run([program, ...rest]) : run([name, ...rest], program);
      // a script without a first line that names its interpreter is the shell's, as execvp has it
      if (errno === ENOEXEC) errno = run(["/bin/sh", program, ...rest]);
      if (errno !== 0) throw spawnError(errnoName(errno), options);
      return pid[0];
    } finally {
      libc.posix_spawn_file_actions_destroy(actions);
    }
  }
}

/** A path that a program may have, also with a NUL at its end. */
interface Place {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function placesOf(program: string, search: string): Place[] {
  const folders = search.split(":");
  // A relative folder would be looked up in troupe's own folder, not in the command's.
  const relative = folders.findIndex((folder) => !folder.startsWith("/"));
  const encoder = new TextEncoder();
  return folders.slice(0, relative < 0 ? undefined : relative).map((folder) => {
    const path = `${folder}/${program}`;
    return { path, bytes: encoder.encode(`${path}\0`) };
  });
}

interface Handles {
  readonly options: SpawnOptions;
  readonly pid: number;
  readonly pidfd: number;
  /** Undefined for one whose stdout goes to a file. */
  readonly out?: number;
  readonly err: number;
}

/** One command from its start to the end of its group. */
class PosixProcess implements RunningProcess {
  readonly groupId: number;
  readonly ended: Promise<Ended>;
  readonly #spawner: PosixSpawner;
  readonly #handles: Handles;
  readonly #streams: readonly [PipeReader | undefined, PipeReader];
  readonly #group: ProcessGroup;
  /** Asked for by a reader that was kept from reading. */
  #leaderEnd: Promise<true> | undefined;
  #isGone = false;

  constructor(spawner: PosixSpawner, handles: Handles) {
    this.#spawner = spawner;
    this.#handles = handles;
    this.groupId = handles.pid;
    const kill = (signal: number) => !this.#isGone && spawner.libc.kill(-handles.pid, signal) === 0;
    const isThere = () => {
      reapGroup(spawner.libc, handles.pid);
      return kill(0);
    };
    this.#group = { id: handles.pid, signal: (name) => kill(signalNumber(name)), isThere };
    this.#streams = [
      handles.out === undefined
        ? undefined
        : new PipeReader(handles.out, captureOf("stdout", handles.options), spawner),
      new PipeReader(handles.err, captureOf("stderr", handles.options), spawner),
    ];
    this.ended = this.#run();
  }

  signal(name: JobSignal): void {
    this.#group.signal(name);
  }

  async #run(): Promise<Ended> {
    const { libc } = this.#spawner;
    const { pid, pidfd } = this.#handles;
    await this.#awaitLeader();
    await this.#leaderEnd; // or it would go on polling a number that is another file's by then
    libc.close(pidfd);
    // before the leader is reaped: as long as it is a zombie no other group can get this id
    this.#group.signal("SIGTERM");
    const status = new Int32Array(1), rusage = new BigInt64Array(RUSAGE_NUMBERS);
    const isReaped = libc.wait4(pid, status, 0, rusage) === pid;
    const usage = isReaped ? decodeUsage(libc, rusage) : undefined;
    await endGroup(this.#group, this.#handles.options.graceMs);
    this.#isGone = true;
    const isHeld = this.#streams.map((stream) => stream?.readRest() === "open").includes(true);
    const [stdout, stderr] = this.#streams.map((stream) => stream?.close() ?? new Capture(0).finish());
    return { ...(isReaped ? decodeWaitStatus(status[0]) : UNKNOWN_END), output: { stdout, stderr }, isHeld, usage };
  }

  async #awaitLeader(): Promise<void> {
    const { libc } = this.#spawner;
    const { mayRead } = this.#handles.options;
    const turnBytes = mayRead === undefined ? undefined : CHUNK_BYTES;
    const set = this.#spawner.takePollSet();
    set.watch(this.#handles.out ?? -1, this.#handles.err, this.#handles.pidfd);
    await undefined; // whoever has started it enters it in the ledger first
    const shortUntil = performance.now() + (this.#handles.options.blocks ? SHORT_MS : 0);
    do {
      const shortMs = Math.ceil(shortUntil - performance.now());
      const count = shortMs > 0 ? libc.pollHere(set.pointer, 3n, shortMs) : await libc.poll(set.pointer, 3n, -1);
      // a signal to this thread makes it fail with nothing touched
      if (count <= 0) continue;
      this.#streams.forEach((stream, i) => {
        // the end of a stream stays readable for ever
        if (set.happened(i) && stream?.read(turnBytes) === "ended") set.ignore(i);
      });
      const room = set.happened(2) ? undefined : mayRead?.();
      if (room !== undefined && await this.#endsBefore(room)) break;
    } while (!set.happened(2));
    this.#spawner.returnPollSet(set);
  }

  /** Whoever is behind with what was printed must not keep a command that has ended from being noticed. */
  async #endsBefore(room: Promise<void>): Promise<boolean> {
    this.#leaderEnd ??= this.#pollLeader();
    return await Promise.race([room, this.#leaderEnd]) === true;
  }

  async #pollLeader(): Promise<true> {
    const set = this.#spawner.takePollSet();
    set.watch(-1, -1, this.#handles.pidfd);
    while (await this.#spawner.libc.poll(set.pointer, 3n, -1) < 0);
    this.#spawner.returnPollSet(set);
    return true;
  }
}
