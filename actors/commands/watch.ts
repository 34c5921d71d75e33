/**
 * Owns `troupe watch` as a command: it builds, and builds again what edits ask for, until it is ended. What comes of an edit
 * while a build goes on is graph/schedule/change.ts's; what is read by whom, graph/input_map.ts's.
 *
 * Between builds the lock is not held. What a build has found out is kept for the next one, with its workers, and what the
 * watch tells is looked at anew (see warm_state.ts). A build that was told of a change that it cannot make up for is followed
 * by another one, and so is one that could not be told.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import { GateError } from "../../graph/gates/gate_task.ts";
import type { ChangedPath } from "../../graph/input_map.ts";
import { unreachable } from "../../graph/task.ts";
import { changedLine, LAPSED_LINE, NOTHING_FAILED_LINE, watchingLine } from "../../graph/report/watch_lines.ts";
import { refuseOwnBuild } from "../process/build_chain.ts";
import { loadBuild, type LoadedBuild } from "../input/load.ts";
import { Mailbox } from "../engine/mailbox.ts";
import { standardOutput } from "../terminal/standard_output.ts";
import { StoppedError } from "../process/stop_listener.ts";
import type { Follower, GoingRun, RunEnd } from "../build/build_run.ts";
import { toldStore } from "../build/late_store.ts";
import { WarmState } from "../build/warm_state.ts";
import { TransactionError } from "../build/transaction/error.ts";
import { FollowedInputs } from "../watch/followed_inputs.ts";
import { Keys } from "../watch/keys.ts";
import { type Gathered, Watcher } from "../watch/watcher.ts";
import { WorkerStartError } from "../engine/pool.ts";
import { type BuildContext, buildFor, type BuildOptions } from "./build.ts";
import type { CallOptions, Invocation } from "./invocation.ts";
import { InputError } from "../../graph/input/input_error.ts";

/** Choices for one watch. */
export interface WatchOptions
  extends Omit<BuildOptions, keyof CallOptions | "force" | "transaction">, Pick<BuildContext, "dbAs"> {
  /** How long all must be quiet before anything is built, in milliseconds. */
  readonly quietMs: number;
  /** Look for changes instead of being told of them. */
  readonly isPolling: boolean;
}

/** Why a watch is over: somebody was done with it, or it was stopped, be it between builds or in one. */
export type WatchEnd = "quit" | "stopped";

/**
 * Between two rests a task is ended so often for what it reads, and then let go on: what has changed may be a file that
 * it writes itself for a while, which nobody can tell from an edit.
 */
const MOST_ENDED = 3;

/** What is to be built. */
type Wish = "all" | "failed";

type Message =
  | { readonly kind: "changed"; readonly gathered: Gathered }
  | { readonly kind: "wished"; readonly wish: Wish; readonly isAnew?: boolean }
  | { readonly kind: "quit" }
  /** Nobody reads what is said any more. */
  | { readonly kind: "unheard" }
  /** What is being built was told so as well. */
  | { readonly kind: "stopped" }
  | { readonly kind: "built"; readonly end: RunEnd | undefined };

/**
 * Builds and watches until it is stopped.
 *
 * @throws {InputError} When there is no such config, or it is wrong from the start.
 */
export async function watchFor(
  invocation: Invocation,
  config: string,
  options: WatchOptions & Pick<BuildContext, "opening">,
): Promise<WatchEnd> {
  const { opening, ...others } = options;
  const build = await loadBuild(config, options.tasks);
  refuseOwnBuild(build.folder);
  if (opening !== undefined && invocation.level !== "quiet") invocation.reporter.line(opening);
  await using rebuilds = new Rebuilds(invocation, { config, options: others, build });
  return await rebuilds.over;
}

/** The actor of one watch. */
class Rebuilds implements AsyncDisposable {
  readonly #invocation: Invocation;
  readonly #config: string;
  readonly #options: WatchOptions;
  readonly #mailbox: Mailbox<Message>;
  readonly #warm: WarmState;
  readonly #watcher: Watcher;
  readonly #keys: Keys | undefined;
  readonly #over = Promise.withResolvers<WatchEnd>();
  readonly #home = Deno.cwd();
  readonly #stop = () => this.#mailbox.post({ kind: "stopped" });
  /** The last config that was right. */
  #build: LoadedBuild;
  #isConfigOld = false;
  readonly #inputs: FollowedInputs;
  #isBuilding = false;
  /** The build of all tasks that can be told of changes. */
  #going: GoingRun | undefined;
  /** Tasks of which a source has changed since a build of all began. */
  readonly #first = new Set<number>();
  /** Task → how often it was ended since the last rest. */
  readonly #ended = new Map<number, number>();
  #next: Wish | undefined;
  #failed: readonly string[] = [];

  constructor(
    invocation: Invocation,
    parts: { readonly config: string; readonly options: WatchOptions; readonly build: LoadedBuild },
  ) {
    this.#invocation = invocation;
    this.#config = parts.config;
    this.#options = parts.options;
    this.#build = parts.build;
    this.#mailbox = new Mailbox((message) => this.#handle(message), this.#over.reject);
    this.#warm = new WarmState({
      tells: (folder) => this.#watcher.tells(folder),
      catchUp: () => this.#watcher.catchUp(),
      startOver: () => this.#watcher.startOver(),
    });
    this.#watcher = new Watcher({
      ...parts.options,
      home: parts.build.folder,
      onChange: (gathered) => this.#mailbox.post({ kind: "changed", gathered }),
      onWarning: (sentence) => invocation.reporter.error(sentence),
      known: this.#warm,
    });
    const { db } = parts.options;
    const own = [...(db === undefined ? [] : [resolve(db)]), ...toldStore(parts.build.folder, parts.options)];
    this.#inputs = new FollowedInputs(parts.build, this.#watcher, own);
    this.#keys = Keys.open((key) => this.#press(key));
    invocation.stop.aborted.addEventListener("abort", this.#stop);
    if (invocation.stop.signal !== undefined) this.#stop();
    else this.#mailbox.post({ kind: "wished", wish: "all" });
  }

  /** Resolves when it is over, and rejects for a bug. */
  get over(): Promise<WatchEnd> {
    return this.#over.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#mailbox.close();
    this.#invocation.stop.aborted.removeEventListener("abort", this.#stop);
    this.#keys?.[Symbol.dispose]();
    this.#watcher[Symbol.dispose]();
    await this.#warm[Symbol.asyncDispose]();
  }

  #press(key: string): void {
    if (key === "q") this.#mailbox.post({ kind: "quit" });
    else if (key === "f") this.#mailbox.post({ kind: "wished", wish: "failed" });
    else if (key === "\r" || key === "\n") this.#mailbox.post({ kind: "wished", wish: "all", isAnew: true });
  }

  #handle(message: Message): void {
    switch (message.kind) {
      case "changed":
        return this.#changed(message.gathered);
      case "wished":
        if (message.isAnew) {
          this.#isConfigOld = true;
          this.#warm.forget();
        }
        return this.#wish(message.wish);
      case "quit":
        // In the middle of a build it is an end before its time, as by Ctrl-C.
        if (this.#isBuilding) return this.#invocation.stop.ask("SIGINT");
        return this.#over.resolve("quit");
      case "unheard":
        // A build that goes on comes to its end, and then it is asked again.
        if (!this.#isBuilding) this.#over.resolve("quit");
        return;
      case "stopped":
        if (!this.#isBuilding) this.#over.resolve("stopped");
        return;
      case "built":
        return this.#built(message.end);
      default:
        unreachable(message);
    }
  }

  #changed({ changes, isPartial }: Gathered): void {
    const isConfig = changes.some((change) => this.#inputs.map.reshapes(change));
    const { edited, reshaped } = this.#inputs.map.changeBy(changes);
    if (!isConfig && !isPartial && edited.length + reshaped.length === 0) return;
    this.#tellOf(changes, isPartial);
    for (const task of [...edited, ...reshaped]) this.#first.add(task);
    this.#isConfigOld ||= isConfig || isPartial;
    const isSeenTo = this.#tellGoing(changes);
    if (isConfig || isPartial || !isSeenTo) this.#wish("all");
  }

  /** Answers whether the build that goes on sees to it, or says in the end that it could not. */
  #tellGoing(changes: readonly ChangedPath[]): boolean {
    const going = this.#going;
    if (going === undefined) return false;
    const { map } = this.#inputs;
    const isOther = (change: ChangedPath) => {
      const others = map.namesOf(change.path).filter((name) => going.files.hasChanged(name));
      // One that was gone when globs were looked for is new to it, though it may hold what it did before.
      return others.length > 0 || !change.isThere || map.changeBy([change]).reshaped.length > 0;
    };
    const { edited, reshaped } = map.changeBy(changes.filter(isOther));
    const all = [...edited, ...reshaped];
    for (const task of all) this.#ended.set(task, (this.#ended.get(task) ?? 0) + 1);
    const mayEnd = (task: number) => this.#ended.get(task)! <= MOST_ENDED;
    going.changed({ edited: edited.filter(mayEnd), reshaped: reshaped.filter(mayEnd) });
    return all.every(mayEnd);
  }

  #tellOf(changes: readonly ChangedPath[], isPartial: boolean): void {
    const { reporter, level } = this.#invocation;
    if (level === "quiet") return;
    const paths = this.#inputs.meant(changes);
    if (paths.length > 0) reporter.line(changedLine(paths), "dim");
    if (isPartial) reporter.line(LAPSED_LINE, "dim");
  }

  #wish(wish: Wish): void {
    if (this.#invocation.stop.signal !== undefined) return;
    if (this.#isBuilding) {
      if (this.#next !== "all") this.#next = wish;
    } else if (wish === "failed" && this.#failed.length === 0) {
      this.#invocation.reporter.line(NOTHING_FAILED_LINE);
    } else {
      this.#isBuilding = true;
      this.#inputs.begin();
      this.#go(wish);
    }
  }

  /** Slow work, whose end is a message. */
  async #go(wish: Wish): Promise<void> {
    let end: RunEnd | undefined;
    this.#enterHome();
    try {
      if (this.#isConfigOld) await this.#reload();
      const loaded = wish === "all" ? this.#build : await loadBuild(this.#config, this.#failed);
      const all = wish === "all" ? this.#allOptions() : undefined;
      end = await buildFor(this.#invocation, this.#config, { ...this.#options, loaded, ...all });
    } catch (error) {
      if (!isOrdinary(error)) return this.#over.reject(error);
      if (!(error instanceof StoppedError)) this.#invocation.reporter.error(error.message);
    }
    this.#mailbox.post({ kind: "built", end });
  }

  /** What differs when all is built, and not what failed alone. */
  #allOptions(): Pick<BuildContext, "follower" | "warm" | "first"> {
    const first = [...this.#first];
    this.#first.clear();
    const follower: Follower = {
      onSources: (sources, cache) => this.#inputs.onSources(sources, cache),
      onRunning: (run) => this.#going = run,
    };
    return { follower, warm: this.#warm, first };
  }

  /** The folder that it was started in may have been removed and made again: then it is the one of that name. */
  #enterHome(): void {
    try {
      Deno.chdir(this.#home);
    } catch {
      // Whoever looks for files there says that it is gone.
    }
  }

  /** A config that is wrong leaves the last one that was right in force. */
  async #reload(): Promise<void> {
    this.#isConfigOld = false;
    this.#first.clear();
    this.#build = await loadBuild(this.#config, this.#options.tasks);
    this.#inputs.reload(this.#build);
  }

  #built(end: RunEnd | undefined): void {
    const { reporter, level, stop, hideLive } = this.#invocation;
    this.#isBuilding = false;
    hideLive?.();
    const isOutdated = this.#inputs.refresh() || end?.isOutdated;
    if (end !== undefined) {
      this.#failed = Object.values(end.report.results)
        .filter(({ status }) => status === "failed" || status === "skipped").map(({ task_name: name }) => name);
    }
    if (stop.signal !== undefined) return this.#over.resolve("stopped");
    const next = isOutdated ? "all" : this.#next;
    this.#next = undefined;
    if (next === undefined) this.#ended.clear();
    if (level !== "quiet" && next === undefined) {
      reporter.line(watchingLine({ folders: this.#watcher.size, hasKeys: this.#keys !== undefined }), "dim");
    }
    this.#endUnheard();
    if (next !== undefined) this.#wish(next);
  }

  /** Nobody goes on whom nobody hears. */
  async #endUnheard(): Promise<void> {
    await this.#invocation.reporter.flush();
    if (standardOutput.hasEnded("stdout")) this.#mailbox.post({ kind: "unheard" });
  }
}

/** Whether whoever watches is told of it, and it goes on. */
function isOrdinary(error: unknown): error is Error {
  return [InputError, TransactionError, WorkerStartError, GateError, StoppedError].some((kind) =>
    error instanceof kind
  );
}
