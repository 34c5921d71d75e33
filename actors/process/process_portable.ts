/**
 * Owns commands started by Deno.Command, for systems and permissions without FFI. It must look from outside exactly
 * like process_posix.ts.
 *
 * `detached` is what gives a command its own session and group; the price is a fork of the whole runtime for each command.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { type Capture, captureOf } from "./capture.ts";
import {
  type Ended,
  findProgram,
  type RunningProcess,
  SpawnError,
  spawnError,
  type SpawnOptions,
  UNKNOWN_END,
  wholeEnv,
} from "./spawn.ts";
import { endGroup, type ProcessGroup } from "./process_group.ts";
import type { JobSignal } from "./signals.ts";

/** A stream that stays open after the whole group has ended counts as drained after this long without a byte … */
const QUIET_MS = 50;

/** … or after this many bytes, more than a pipe can have held: they are then not the command's any more. */
const DRAIN_BYTES = 1024 * 1024;

/** Starts a command by Deno.Command. */
export function startPortable(options: SpawnOptions): RunningProcess {
  return new PortableProcess(spawn(options), options);
}

function spawn(options: SpawnOptions): Deno.ChildProcess {
  const program = findProgram(options);
  try {
    return new Deno.Command(program, {
      args: options.argv.slice(1),
      cwd: options.cwd,
      env: wholeEnv(options),
      clearEnv: true,
      detached: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code } = error as Error & { code?: string };
    throw code === undefined ? new SpawnError(error.message) : spawnError(code, options);
  }
}

/** One command from its start to the end of its group. */
class PortableProcess implements RunningProcess {
  readonly groupId: number;
  readonly ended: Promise<Ended>;
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  readonly #group: ProcessGroup;
  readonly #graceMs: number | undefined;
  #isGone = false;

  constructor(child: Deno.ChildProcess, options: SpawnOptions) {
    this.#child = child;
    this.groupId = child.pid;
    this.#graceMs = options.graceMs;
    this.#group = {
      id: child.pid,
      signal: (name) => !this.#isGone && succeeds(() => Deno.kill(-child.pid, name)),
      isThere: () => isThere(child.pid),
    };
    this.#stdout = new Stream(child.stdout, captureOf("stdout", options), options.mayRead);
    this.#stderr = new Stream(child.stderr, captureOf("stderr", options), options.mayRead);
    this.ended = this.#run();
  }

  signal(name: JobSignal): void {
    this.#group.signal(name);
  }

  async #run(): Promise<Ended> {
    const end = await this.#child.status.then(
      ({ code, signal }) => signal === null ? { code, signal } : { code: null, signal },
      () => UNKNOWN_END,
    );
    if (this.#group.signal("SIGTERM")) await endGroup(this.#group, this.#graceMs);
    this.#isGone = true;
    const [stdout, stderr] = await Promise.all([this.#stdout.close(), this.#stderr.close()]);
    return { ...end, output: { stdout, stderr }, isHeld: this.#stdout.isHeld || this.#stderr.isHeld };
  }
}

/** Loaded only when a group outlives its leader: Deno.kill takes no 0 on every version, and this costs 10 ms. */
async function isThere(groupId: number): Promise<boolean> {
  const { default: process } = await import("node:process");
  return succeeds(() => process.kill(-groupId, 0));
}

/** Signals fail when there is no such group, and on some systems when only its dead are left. */
function succeeds(send: () => unknown): boolean {
  try {
    send();
    return true;
  } catch {
    return false;
  }
}

/** One stream of a command and what came through it. */
class Stream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #capture: Capture;
  readonly #end: Promise<"ended">;
  readonly #mayRead: SpawnOptions["mayRead"];
  /** Resolves when the command has ended: then what is left is little, and is read whoever is behind with it. */
  readonly #closing = Promise.withResolvers<void>();
  #isClosing = false;
  /** Whether it stayed open after the end of its command. */
  isHeld = false;
  #total = 0;

  constructor(source: ReadableStream<Uint8Array>, capture: Capture, mayRead: SpawnOptions["mayRead"]) {
    this.#mayRead = mayRead;
    this.#reader = source.getReader();
    this.#capture = capture;
    this.#end = this.#read();
  }

  /** Takes what the leader left in the pipe and closes it; whoever else holds the other end does not matter. */
  async close(): Promise<ReturnType<Capture["finish"]>> {
    this.#isClosing = true;
    this.#closing.resolve();
    const limit = this.#total + DRAIN_BYTES;
    for (let seen = -1; seen !== this.#total && this.#total < limit;) {
      seen = this.#total;
      if (await this.#endsWithin(QUIET_MS)) return this.#capture.finish();
    }
    this.isHeld = true;
    await this.#reader.cancel();
    return this.#capture.finish();
  }

  async #read(): Promise<"ended"> {
    for (;;) {
      const room = this.#isClosing ? undefined : this.#mayRead?.();
      if (room !== undefined) await Promise.race([room, this.#closing.promise]);
      const { done, value } = await this.#reader.read();
      if (done) return "ended";
      this.#capture.add(value);
      this.#total += value.length;
    }
  }

  async #endsWithin(limitMs: number): Promise<boolean> {
    return await deadline(this.#end, limitMs).then(() => true, () => false);
  }
}
