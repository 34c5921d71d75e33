/**
 * Owns commands started by Deno.Command, for systems and permissions without FFI. It must look from outside exactly
 * like process_posix.ts.
 *
 * `detached` is what gives a command its own group; the price is a fork of the whole runtime for each command.
 *
 * @module
 */
import { type Capture, captureOf } from "./capture.ts";
import {
  type Ended,
  findProgram,
  type Invocation,
  type RunningProcess,
  SpawnError,
  spawnError,
  UNKNOWN_END,
  wholeEnv,
} from "./invocation.ts";
import { endGroup, type Group } from "./process_group.ts";
import type { EndSignal } from "./stop_listener.ts";

/** A stream that stays open after the whole group has ended counts as drained after this long without a byte … */
const QUIET_MS = 50;

/** … or after this many bytes, more than a pipe can have held: they are then not the command's any more. */
const DRAIN_BYTES = 1024 * 1024;

/** Starts a command by Deno.Command. */
export function startPortable(invocation: Invocation): RunningProcess {
  return new PortableProcess(spawn(invocation), invocation);
}

function spawn(invocation: Invocation): Deno.ChildProcess {
  const program = findProgram(invocation);
  try {
    return new Deno.Command(program, {
      args: invocation.argv.slice(1),
      cwd: invocation.cwd,
      env: wholeEnv(invocation),
      clearEnv: true,
      detached: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code } = error as Error & { code?: string };
    throw code === undefined ? new SpawnError(error.message) : spawnError(code, invocation);
  }
}

/** One command from its start to the end of its group. */
class PortableProcess implements RunningProcess {
  readonly groupId: number;
  readonly ended: Promise<Ended>;
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  readonly #group: Group;
  #isGone = false;

  constructor(child: Deno.ChildProcess, invocation: Invocation) {
    this.#child = child;
    this.groupId = child.pid;
    this.#group = {
      id: child.pid,
      signal: (name) => !this.#isGone && succeeds(() => Deno.kill(-child.pid, name)),
      isThere: () => isThere(child.pid),
    };
    this.#stdout = new Stream(child.stdout, captureOf("stdout", invocation), invocation.mayRead);
    this.#stderr = new Stream(child.stderr, captureOf("stderr", invocation), invocation.mayRead);
    this.ended = this.#run();
  }

  signal(name: EndSignal): void {
    this.#group.signal(name);
  }

  async #run(): Promise<Ended> {
    const end = await this.#child.status.then(
      ({ code, signal }) => signal === null ? { code, signal } : { code: null, signal },
      () => UNKNOWN_END,
    );
    if (this.#group.signal("SIGTERM")) await endGroup(this.#group);
    this.#isGone = true;
    const [stdout, stderr] = await Promise.all([this.#stdout.close(), this.#stderr.close()]);
    return { ...end, output: { stdout, stderr } };
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
  readonly #mayRead: Invocation["mayRead"];
  #isPaused = false;
  #total = 0;

  constructor(source: ReadableStream<Uint8Array>, capture: Capture, mayRead: Invocation["mayRead"]) {
    this.#mayRead = mayRead;
    this.#reader = source.getReader();
    this.#capture = capture;
    this.#end = this.#read();
  }

  /** Takes what the leader left in the pipe and closes it; whoever else holds the other end does not matter. */
  async close(): Promise<ReturnType<Capture["finish"]>> {
    const limit = this.#total + DRAIN_BYTES;
    for (let seen = -1; (seen !== this.#total || this.#isPaused) && this.#total < limit;) {
      seen = this.#total;
      if (await this.#endsWithin(QUIET_MS)) return this.#capture.finish();
    }
    await this.#reader.cancel();
    return this.#capture.finish();
  }

  async #read(): Promise<"ended"> {
    for (;;) {
      this.#isPaused = true;
      await this.#mayRead?.();
      this.#isPaused = false;
      const { done, value } = await this.#reader.read();
      if (done) return "ended";
      this.#capture.add(value);
      this.#total += value.length;
    }
  }

  async #endsWithin(limitMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(() => resolve("late"), limitMs);
    const first = await Promise.race([this.#end, promise]);
    clearTimeout(timer);
    return first === "ended";
  }
}
