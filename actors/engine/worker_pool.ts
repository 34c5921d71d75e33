/**
 * Owns the workers: starts them, hands them tasks, replaces one that crashes or is blocked, and sees the last of each.
 * It decides nothing about tasks and passes on all it hears.
 *
 * @module
 */
import { join } from "@std/path/posix/join";
import { DEFAULT_GRACE_MS } from "../../graph/task.ts";
import { depfileBeside, temporaryPath } from "../storage/temporaries.ts";
import type { Deed, DeedAnswer } from "../storage/deed.ts";
import { whatFits } from "../machine/descriptor_limit.ts";
import type { Guards } from "../sandbox/guards.ts";
import type {
  DiscoveryAnswered,
  FromWorker,
  PermitWanted,
  RunShell,
  RunTask,
  SandboxWanted,
} from "../worker/messages.ts";
import { CommandKeeper } from "./command_keeper.ts";
import { Pace } from "./pace.ts";
import { type Pool, type PoolReport, WorkerStartError } from "./pool.ts";
import { startAhead, takeAhead } from "./thread_ahead.ts";
import { growthOf } from "./pool_growth.ts";
import type { Growth, TasksAhead } from "./thread_growth.ts";
import { StatusTable } from "../worker/status_table.ts";
import { ownPath } from "../worker/targets.ts";
import { type Assignment, type Said, WorkerThread } from "./worker_thread.ts";
import { inheritedEnvironment } from "../process/inherited_environment.ts";
import { RUN_VARIABLE } from "../process/watchdog.ts";
import { later } from "../machine/later.ts";
import type { EndSignal } from "../process/signals.ts";

/** What the workers of one run have in common. */
export interface PoolOptions {
  /** How many workers, at least 1. */
  readonly size: number;
  readonly table: SharedArrayBuffer;
  /** Absolute path of the config's folder. */
  readonly folder: string;
  /** Absolute path of the task file, for the tasks of one; commands are told that they are part of it. */
  readonly taskFile?: string;
  /** Whether tasks call functions of modules; default false. */
  readonly callsModules?: boolean;
  /** From being asked to end to SIGKILL, for tasks without a grace of their own; default 5 s. */
  readonly graceMs?: number;
  /** Whether this process may become the parent of what commands leave behind; default false. */
  readonly adoptsOrphans?: boolean;
  readonly onReport: (report: PoolReport) => void;
  /** Does the last step for the artifact of a task that asks for that, if it may be done. It must not reject. */
  readonly carryOut?: (task: number, deed: Deed) => Promise<DeedAnswer>;
  /** Resolves when more can be said of what workers report, undefined when it can be now; then they wait as well. */
  readonly room?: () => Promise<void> | undefined;
  /** Told what it has to do without. */
  readonly onWarning: (sentence: string) => void;
  /** Takes the pool over for a further run when this one is over, if its workers are idle; default they end. */
  readonly onIdle?: (pool: WorkerPool) => void;
}

/** A worker keeps so many threads for the functions of as many modules; more modules in turn than this start threads anew. */
const MOST_SANDBOXES = 4;

/** A worker that cannot even start is not started for ever. */
const STARTS_WITHOUT_SUCCESS = 3;

/** Worker ids are from 1 to `size`; a replacement has the id of the one it replaces. */
export class WorkerPool implements Pool {
  #options: PoolOptions;
  readonly #members: (WorkerThread | undefined)[];
  readonly #failedStarts: number[];
  readonly #wasReady: boolean[] = [];
  readonly #graceMs: number;
  readonly #keeper: CommandKeeper;
  #pace: Pace<PoolReport>;
  /** Loaded with the first wish for a sandbox. */
  #sandboxGuards: Promise<Guards> | undefined;
  #env: Record<string, string> = {};
  #isPaused = false;
  #isStarted = false;
  /** How many threads there may be. */
  #most: number;
  /** How many threads for functions each may keep. */
  #sandboxes = 0;
  /** How many workers have had a thread, those with the lowest ids. */
  #started = 0;
  /** The thread of the first worker, until that has it. */
  #first: Worker | undefined;
  /** How many of these have not been ready yet. */
  #starting = 0;
  readonly #growth: Growth;
  #wish: TasksAhead & { readonly tasks: number } = { tasks: 0, left: 0, expectedMs: [] };

  constructor(options: PoolOptions) {
    const { size, graceMs = DEFAULT_GRACE_MS, room = () => undefined } = options;
    this.#options = options;
    this.#graceMs = graceMs;
    this.#keeper = new CommandKeeper({
      workers: size,
      graceMs,
      onWarning: (sentence) => this.#options.onWarning(sentence),
    });
    this.#pace = new Pace((report) => this.#pass(report), room);
    this.#most = size;
    this.#members = new Array(size + 1);
    this.#failedStarts = new Array(size + 1).fill(0);
    this.#growth = growthOf({
      callsModules: options.callsModules ?? false,
      members: () => this.#members.filter((member) => member !== undefined),
      most: () => this.#most,
      wantAgain: () => this.want(this.#wish.tasks, this.#wish.left, this.#wish.expectedMs),
      startMore: (count) => this.#startMore(count),
    });
  }

  /** Starts the watchdog that ends commands if this process is killed; threads are started when there is work for them. */
  start(): void {
    if (this.#isStarted) return this.#rejoin();
    this.#isStarted = true;
    // Before all else: the thread reads its modules while this one goes on.
    startAhead();
    this.#first = takeAhead();
    this.#keeper.begin();
    this.#env = inheritedEnvironment(this.#options.folder);
    this.#limit();
    // A worker has a while to take in what it is told, and no task before it says that it is ready.
    if (this.#first !== undefined) this.#startNext();
    this.#keeper.watch();
  }

  /** Serves a further run; false when that is of another kind. */
  reopen(options: PoolOptions): boolean {
    const { size, folder, taskFile, callsModules, graceMs, adoptsOrphans } = this.#options;
    const isAlike = size === options.size && folder === options.folder && taskFile === options.taskFile &&
      callsModules === options.callsModules && graceMs === options.graceMs && adoptsOrphans === options.adoptsOrphans;
    if (!isAlike || !this.#keeper.isWhole) return false;
    this.#options = { ...options, onIdle: this.#options.onIdle };
    this.#pace = new Pace((report) => this.#pass(report), options.room ?? (() => undefined));
    return true;
  }

  /** All threads that there are count as starting until the run has heard of them, so that it wants no others. */
  #rejoin(): void {
    const { table, onReport } = this.#options;
    const ready = [...this.#members.keys()].filter((id) => this.#members[id]?.isReady);
    for (const member of this.#members) member?.send({ kind: "begin", table });
    for (const worker of ready) onReport({ kind: "worker", worker, message: { kind: "ready" } });
    this.#starting += ready.length;
    queueMicrotask(() => this.#starting -= ready.length);
  }

  /**
   * So many tasks wait for a worker, and none is idle: starts threads for them, as far as there may be more and they would
   * help. `expectedMs` tells of some of them how long they usually take.
   */
  want(tasks: number, left: number = tasks, expectedMs: readonly number[] = []): void {
    this.#wish = { tasks, left, expectedMs };
    while (this.#starting < tasks && this.#started < this.#most) {
      if (this.#growth.areEnough(this.#wish)) return;
      this.#startNext();
    }
    this.#growth.rest();
  }

  #startMore(count: number): void {
    for (let n = 0; n < count && this.#starting < this.#wish.tasks && this.#started < this.#most; n++) {
      this.#startNext();
    }
  }

  #startNext(): void {
    const id = ++this.#started;
    this.#starting++;
    this.#members[id] = this.#startOne(id);
  }

  run(worker: number, message: RunTask | RunShell): void {
    const member = this.#member(worker);
    const isCommand = message.kind === "shell" || message.work.kind === "command";
    if (isCommand && !member.adoptsOrphans) this.#keeper.noteStrays();
    if (message.kind === "run" && message.work.kind === "module") {
      // What a function has started may serve the next as well, and ends with all of them.
      const { permissions, isolate } = message.work;
      if (permissions?.run !== undefined || isolate === "process") this.#keeper.noteStrays();
    }
    const temporaries = message.kind === "run" ? this.#temporariesOf(message, worker) : [];
    member.assign({ message, graceMs: message.graceMs ?? this.#graceMs, temporaries });
    if (this.#isPaused) member.send({ kind: "pause" });
    if (message.kind === "run" && !member.hasCalled) this.#expectCall(message);
  }

  /** The worker will want a sandbox when it has loaded what it needs for that. */
  async #expectCall({ work, call, dependencyArtifacts }: RunTask): Promise<void> {
    if (work.kind !== "module" || work.isolate === "process") return;
    const task = { work, own: call?.modules ?? [], dependencyArtifacts };
    (await this.#guards()).expect(task, this.#options.folder);
  }

  #temporariesOf(task: RunTask, worker: number): Assignment["temporaries"] {
    const { outputs, claim, depfile } = task, { folder } = this.#options;
    const own = depfile === undefined ? [] : [{ temporary: depfileBeside(ownPath(task, folder), worker, claim) }];
    const paths = outputs.map(({ path }) => join(folder, path));
    return [...paths.map((path) => ({ path, temporary: temporaryPath(path, worker, claim) })), ...own];
  }

  /** Answers a worker's question about its task, which it may have no more. */
  answer(worker: number, message: DiscoveryAnswered): void {
    this.#members[worker]?.send(message);
  }

  /** Ends the worker's command; a worker that is blocked is given up. */
  cancel(worker: number, signal: EndSignal): void {
    this.#pace.hurry();
    this.#growth.stop();
    this.#member(worker).cancel(signal);
  }

  /** Has the commands of all workers stand still, until {@linkcode resume}. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await Promise.all(this.#members.map(async (member, id) => {
      if (member?.task === undefined) return;
      await member.pause();
      // A function may have a process of its own, and a worker that is blocked stops nothing.
      this.#keeper.signal(id, "SIGSTOP");
    }));
  }

  /** Lets them go on. */
  resume(): void {
    this.#isPaused = false;
    this.#members.forEach((member, id) => {
      if (member?.task !== undefined) this.#keeper.signal(id, "SIGCONT");
      member?.resume();
    });
  }

  /**
   * Lets what the functions of tasks have left running come to its end, a second at most; late errors are reported before it
   * resolves.
   */
  async finish(): Promise<void> {
    await Promise.all(this.#members.map((member) => member?.finish()));
  }

  /** Ends the run: no command is left, and no worker is alive unless somebody takes over those that are idle. */
  async close(): Promise<void> {
    this.#pace.hurry();
    this.#growth.stop();
    const { onIdle } = this.#options;
    const areIdle = !this.#isPaused && this.#members.every((member) => member?.isIdle ?? true);
    if (onIdle === undefined || !areIdle || !await this.#keeper.clear()) return await this.end();
    onIdle(this);
  }

  /** Ends all workers and resolves when none is alive and no command of theirs is left. */
  async end(): Promise<void> {
    this.#growth.stop();
    await Promise.all(this.#members.map(async (member, id) => {
      // Only a run that was given up still has tasks.
      if (member?.task !== undefined) this.#keeper.signal(id, "SIGKILL");
      await member?.close();
    }));
    this.#members.fill(undefined);
    this.#first?.terminate();
    (await this.#sandboxGuards)?.[Symbol.dispose]();
    await this.#keeper.close();
  }

  #limit(): void {
    const { size, callsModules, onWarning } = this.#options;
    const { workers, sandboxes, mayOpen } = whatFits(size, callsModules ? MOST_SANDBOXES : 0);
    this.#sandboxes = sandboxes;
    this.#most = workers;
    if (workers === 0) {
      throw new WorkerStartError(`Cannot start a worker: too few open files are allowed (${mayOpen}); see ulimit -n`);
    }
    if (workers < size) {
      onWarning(`Using ${workers} of ${size} workers: too few open files are allowed (${mayOpen}); see ulimit -n`);
    }
  }

  #member(worker: number): WorkerThread {
    const member = this.#members[worker];
    if (member === undefined) throw new Error(`Bug: worker ${worker} was not started`);
    return member;
  }

  #startOne(id: number, replaces?: "given up" | "crashed"): WorkerThread {
    const { table, folder, taskFile, adoptsOrphans = false } = this.#options;
    const { value, mark } = this.#keeper.marksOf(id);
    const first = id === 1 ? this.#first : undefined;
    if (id === 1) this.#first = undefined;
    const member = new WorkerThread({
      workerId: id,
      table,
      folder,
      origin: taskFile ?? folder,
      ledger: this.#keeper.ledger,
      env: { ...this.#env, [RUN_VARIABLE]: value },
      mark,
      adoptsOrphans,
      sandboxes: this.#sandboxes,
      main: mainModule(),
      graceMs: this.#graceMs,
    }, {
      onSaid: (message) => this.#heard(id, message, replaces),
      onCrashed: (detail) => this.#replace(id, member, detail),
      onBlocked: () => this.#giveUp(id, member),
    }, first);
    return member;
  }

  #heard(id: number, message: Said, replaces: "given up" | "crashed" | undefined): void {
    switch (message.kind) {
      case "permit":
        return void this.#answer(this.#member(id), message);
      case "sandbox":
        return void this.#connect(message);
      case "ready":
        this.#failedStarts[id] = 0;
        if (replaces === "given up") return; // its owner has not heard that it was gone
        // The first thread has nothing to say before: its task starts even while nobody reads what others print.
        if (replaces === undefined) return this.#pass({ kind: "worker", worker: id, message });
    }
    this.#pace.post({ kind: "worker", worker: id, message });
  }

  async #connect({ permissions, ports }: SandboxWanted): Promise<void> {
    (await this.#guards()).connect(permissions, ports);
  }

  #guards(): Promise<Guards> {
    return this.#sandboxGuards ??= later<typeof import("../sandbox/guards.ts")>(
      "../sandbox/guards.ts",
      import.meta.url,
    ).then(({ Guards }) => new Guards());
  }

  async #answer(member: WorkerThread, { task, wish, deed }: PermitWanted): Promise<void> {
    const answer = await this.#options.carryOut?.(task, deed) ?? "refused";
    member.send({ kind: "permit", wish, answer });
  }

  /** What is printed is as good as shown when its turn has come: until then its command waits. */
  #pass(report: PoolReport): void {
    const printed = report.kind === "worker" && report.message.kind === "printed" ? report.message.bytes.length : 0;
    if (report.kind === "worker" && report.message.kind === "ready" && !this.#wasReady[report.worker]) {
      this.#wasReady[report.worker] = true;
      this.#starting--;
    }
    this.#options.onReport(report);
    if (printed > 0) this.#members[report.worker]?.send({ kind: "shown", bytes: printed });
  }

  /** Whatever it is blocked in, its command is ended from here, and its task was cancelled. */
  #giveUp(id: number, blocked: WorkerThread): void {
    const { task } = blocked;
    if (this.#members[id] !== blocked || task === undefined) return;
    this.#bury(id, blocked);
    this.#members[id] = this.#startOne(id, "given up");
    const tell = (message: FromWorker) => this.#pace.post({ kind: "worker", worker: id, message });
    if (new StatusTable(this.#options.table).change(task, "pending", "running")) tell({ kind: "started", task });
    tell({ kind: "failed", task, failure: { kind: "cancelled" }, durationMs: 0 });
  }

  /** What a thread that is no more cannot do itself; first its command is ended, which may still write its file. */
  #bury(id: number, dead: WorkerThread): void {
    this.#keeper.signal(id, "SIGKILL");
    dead.end();
    this.#keeper.forget(id);
  }

  #replace(id: number, crashed: WorkerThread, detail: string): void {
    if (this.#members[id] !== crashed) return;
    if (!crashed.isReady && ++this.#failedStarts[id] >= STARTS_WITHOUT_SUCCESS) {
      return this.#pace.post({ kind: "broken", worker: id, detail });
    }
    this.#bury(id, crashed);
    this.#members[id] = this.#startOne(id, "crashed");
    this.#pace.post({ kind: "crashed", worker: id, detail });
  }
}

/** Undefined without the right to know it. */
function mainModule(): string | undefined {
  try {
    return Deno.mainModule;
  } catch {
    return undefined;
  }
}
