/**
 * Owns the workers: starts them, hands them tasks, replaces one that crashes, and sees the last of each.
 * It decides nothing about tasks and passes on all it hears.
 *
 * @module
 */
import { createLedger, readSlot } from "./ledger.ts";
import type { FromWorker, RunTask, ToWorker, WorkerSetup } from "./messages.ts";
import { RUN_VARIABLE, startWatchdog, type Watchdog } from "./watchdog.ts";

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
}

/** A worker that cannot even start is not started for ever. */
const STARTS_WITHOUT_SUCCESS = 3;

/** How long an idle worker has to end its thread before it is ended. */
const CLOSE_MS = 1000;

interface Member {
  readonly thread: Worker;
  isReady: boolean;
  onClosed?: () => void;
}

/** Worker ids are from 1 to `size`; a replacement has the id of the one it replaces. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #members: (Member | undefined)[];
  readonly #failedStarts: number[];
  #ledger: string | undefined;
  #watchdog: Watchdog | undefined;
  #env: Record<string, string> = {};

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#members = new Array(options.size + 1);
    this.#failedStarts = new Array(options.size + 1).fill(0);
  }

  /** Starts all workers, and the watchdog that ends their commands if this process is killed. */
  start(): void {
    const token = crypto.randomUUID();
    this.#ledger = createLedger(this.#options.size);
    this.#watchdog = startWatchdog({ ledger: this.#ledger, token });
    this.#env = { ...Deno.env.toObject(), [RUN_VARIABLE]: token };
    for (let id = 1; id <= this.#options.size; id++) this.#members[id] = this.#startOne(id);
  }

  run(worker: number, task: RunTask): void {
    this.#send(worker, task);
  }

  cancel(worker: number, signal: "SIGTERM" | "SIGKILL"): void {
    this.#send(worker, { kind: "cancel", signal });
  }

  /** Ends all workers and resolves when none is alive and no command of theirs is left. */
  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member === undefined ? undefined : closeMember(member)));
    this.#members.fill(undefined);
    await this.#watchdog?.close();
  }

  #send(worker: number, message: ToWorker): void {
    const member = this.#members[worker];
    if (member === undefined) throw new Error(`Bug: worker ${worker} was not started`);
    member.thread.postMessage(message);
  }

  #startOne(id: number): Member {
    const thread = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: `worker ${id}` });
    const member: Member = { thread, isReady: false };
    thread.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === "closed") return member.onClosed?.();
      if (data.kind === "ready") {
        member.isReady = true;
        this.#failedStarts[id] = 0;
      }
      this.#options.onReport({ kind: "worker", worker: id, message: data });
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
      ledger: this.#ledger!,
      env: this.#env,
    };
    thread.postMessage(setup);
    return member;
  }

  #replace(id: number, crashed: Member, detail: string): void {
    if (this.#members[id] !== crashed) return;
    if (!crashed.isReady && ++this.#failedStarts[id] >= STARTS_WITHOUT_SUCCESS) {
      return this.#options.onReport({ kind: "broken", worker: id, detail });
    }
    endGroup(readSlot(this.#ledger!, id));
    crashed.thread.terminate();
    this.#members[id] = this.#startOne(id);
    this.#options.onReport({ kind: "crashed", worker: id, detail });
  }
}

function endGroup(groupId: number | undefined): void {
  if (groupId === undefined) return;
  try {
    Deno.kill(-groupId, "SIGKILL");
  } catch {
    // It is gone already.
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
}
