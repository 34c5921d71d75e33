/**
 * Owns the workers: starts them, hands them tasks, replaces one that crashes, and sees the last of each.
 * It decides nothing about tasks and passes on all it hears.
 *
 * @module
 */
import { join } from "@std/path/posix/join";
import { removeIfPresent, temporaryPath } from "./artifact.ts";
import { createLedger, LedgerSlot, readSlot } from "./ledger.ts";
import { Guards } from "./guards.ts";
import type { FromWorker, PermitWanted, RunShell, RunTask, SandboxWanted, ToWorker, WorkerSetup } from "./messages.ts";
import type { EndSignal } from "./stop_listener.ts";
import { systemDetail } from "./system_error.ts";
import { makeToken, RUN_VARIABLE, startWatchdog, type Watchdog } from "./watchdog.ts";

/** What the pool tells its owner. */
export type PoolReport =
  | { readonly kind: "worker"; readonly worker: number; readonly message: FromWorker }
  | { readonly kind: "crashed"; readonly worker: number; readonly detail: string }
  /** It crashed at every start and is given up. */
  | { readonly kind: "broken"; readonly worker: number; readonly detail: string };

/** What the workers of one run have in common. */
export interface PoolOptions {
  /** How many workers, at least 1. */
  readonly size: number;
  readonly table: SharedArrayBuffer;
  /** Absolute path of the config's folder. */
  readonly folder: string;
  readonly onReport: (report: PoolReport) => void;
  /** Asked for tasks that want a permit: may the artifact be put in place? It must not reject. */
  readonly mayPublish?: (task: number) => Promise<boolean>;
  /** Told what it has to do without. */
  readonly onWarning: (sentence: string) => void;
}

/** The system does not let the workers start: no descriptors or memory left, say. */
export class WorkerStartError extends Error {
  override readonly name = "WorkerStartError";
}

/** A worker that cannot even start is not started for ever. */
const STARTS_WITHOUT_SUCCESS = 3;

/** How long an idle worker has to end its thread before it is ended. */
const CLOSE_MS = 1000;

interface Member {
  readonly thread: Worker;
  isReady: boolean;
  /** The temporary file of the task it has. */
  temporary?: string;
  onClosed?: () => void;
}

/** Worker ids are from 1 to `size`; a replacement has the id of the one it replaces. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #members: (Member | undefined)[];
  readonly #failedStarts: number[];
  /** Empty when there is none. */
  #ledger = "";
  #watchdog: Watchdog | undefined;
  readonly #guards = new Guards();
  #env: Record<string, string> = {};

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#members = new Array(options.size + 1);
    this.#failedStarts = new Array(options.size + 1).fill(0);
  }

  /** Starts all workers, and the watchdog that ends their commands if this process is killed. */
  start(): void {
    const token = makeToken();
    this.#startWatchdog(token);
    this.#env = commandEnvironment(token, this.#options.folder);
    for (let id = 1; id <= this.#options.size; id++) this.#members[id] = this.#startOne(id);
  }

  run(worker: number, task: RunTask | RunShell): void {
    const member = this.#members[worker];
    if (member !== undefined && task.kind === "run") {
      member.temporary = temporaryPath(join(this.#options.folder, task.output), worker);
    }
    this.#send(worker, task);
  }

  cancel(worker: number, signal: EndSignal): void {
    this.#send(worker, { kind: "cancel", signal });
  }

  /** Ends all workers and resolves when none is alive and no command of theirs is left. */
  async close(): Promise<void> {
    await Promise.all(this.#members.map(async (member, id) => {
      // Only a run that was given up still has tasks.
      if (member?.temporary !== undefined) endGroup(readSlot(this.#ledger, id));
      if (member !== undefined) await closeMember(member);
    }));
    this.#members.fill(undefined);
    this.#guards[Symbol.dispose]();
    await this.#watchdog?.close();
  }

  /** A full temp folder or too few descriptors are no reason not to build. */
  #startWatchdog(token: string): void {
    const { size, onWarning } = this.#options;
    const warn = (error: unknown) =>
      onWarning(`Cannot watch over commands: ${systemDetail(error)}; if troupe is killed they may go on`);
    try {
      this.#ledger = createLedger(size);
    } catch (error) {
      warn(error);
    }
    try {
      this.#watchdog = startWatchdog({ ledger: this.#ledger, token });
    } catch (error) {
      if (this.#ledger !== "") Deno.removeSync(this.#ledger);
      this.#ledger = "";
      warn(error);
    }
  }

  #send(worker: number, message: ToWorker): void {
    const member = this.#members[worker];
    if (member === undefined) throw new Error(`Bug: worker ${worker} was not started`);
    member.thread.postMessage(message);
  }

  #startOne(id: number): Member {
    const thread = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: `worker ${id}` });
    const member: Member = { thread, isReady: false };
    thread.onmessage = ({ data }: MessageEvent<FromWorker | PermitWanted | SandboxWanted>) => {
      if (data.kind === "closed") return member.onClosed?.();
      if (data.kind === "permit") return void this.#answer(data);
      if (data.kind === "sandbox") return this.#guards.connect(data.rights, data.ports);
      if (data.kind === "ready") {
        member.isReady = true;
        this.#failedStarts[id] = 0;
      } else if (data.kind !== "started") {
        member.temporary = undefined;
      }
      const printed = data.kind === "printed" ? data.bytes.length : 0;
      this.#options.onReport({ kind: "worker", worker: id, message: data });
      if (printed > 0) thread.postMessage({ kind: "shown", bytes: printed } satisfies ToWorker);
    };
    thread.onerror = (event) => {
      event.preventDefault(); // or it would end the whole process
      this.#replace(id, member, event.message);
    };
    const { table, folder } = this.#options;
    const setup: WorkerSetup = {
      kind: "setup",
      workerId: id,
      table,
      folder,
      ledger: this.#ledger,
      env: this.#env,
    };
    thread.postMessage(setup);
    return member;
  }

  async #answer({ task, answer }: PermitWanted): Promise<void> {
    const isPermitted = await this.#options.mayPublish?.(task) ?? false;
    const word = new Int32Array(answer);
    Atomics.store(word, 0, isPermitted ? 1 : 2);
    Atomics.notify(word, 0);
  }

  #replace(id: number, crashed: Member, detail: string): void {
    if (this.#members[id] !== crashed) return;
    if (!crashed.isReady && ++this.#failedStarts[id] >= STARTS_WITHOUT_SUCCESS) {
      return this.#options.onReport({ kind: "broken", worker: id, detail });
    }
    endGroup(readSlot(this.#ledger, id));
    crashed.thread.terminate();
    removeTemporary(crashed);
    using slot = new LedgerSlot(this.#ledger, id);
    slot.clear();
    this.#members[id] = this.#startOne(id);
    this.#options.onReport({ kind: "crashed", worker: id, detail });
  }
}

/** What all commands have in their environment. Those that each sets for itself are left out. */
function commandEnvironment(token: string, folder: string): Record<string, string> {
  const { OUT: _out, IN: _in, DEPS: _deps, TASK: _task, ...inherited } = Deno.env.toObject();
  // A shell would set it, and a program may believe it.
  if (inherited.PWD !== undefined) inherited.PWD = folder;
  return { ...inherited, [RUN_VARIABLE]: token };
}

function endGroup(groupId: number | undefined): void {
  if (groupId === undefined) return;
  try {
    Deno.kill(-groupId, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

/** What a dead worker cannot do itself. */
function removeTemporary({ temporary }: Member): void {
  if (temporary === undefined) return;
  try {
    removeIfPresent(temporary);
  } catch {
    // It is only untidy; the task has failed already.
  }
}

async function closeMember(member: Member): Promise<void> {
  if (member.isReady) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS);
      member.onClosed = () => {
        clearTimeout(timer);
        resolve();
      };
      member.thread.postMessage({ kind: "close" } satisfies ToWorker);
    });
  }
  member.thread.terminate();
  removeTemporary(member);
}
