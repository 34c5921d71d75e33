/**
 * Owns one attempt at one task: the command's environment, the rules for what counts as its artifact, and that no
 * temporary file outlives the attempt.
 * It keeps nothing from one task to the next and knows neither the graph nor the cache.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import type { TaskFailure } from "../graph/failure.ts";
import { type SimpleCommand, simpleCommand } from "../graph/simple_command.ts";
import { unreachable } from "../graph/task.ts";
import {
  adoptInPlace,
  type Publication,
  publishConcatenation,
  publishContent,
  publishCopy,
  publishTemporary,
  removeIfPresent,
  type Target,
  temporaryPath,
} from "./artifact.ts";
import type { LedgerSlot } from "./ledger.ts";
import type { Output, RunTask } from "./messages.ts";
import { type Ended, type RunningProcess, SpawnError, startProcess } from "./process.ts";
import { systemDetail } from "./system_error.ts";

/** How long a command has between TERM and KILL. */
const GRACE_MS = 500;

/** A list handed to a command is left out when it is longer: Linux takes 128 KiB for one string of the environment. */
const LIST_LIMIT = 120 * 1024;

/** What an attempt needs of the worker that makes it. */
export interface Surroundings {
  readonly workerId: number;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ledger: LedgerSlot;
}

/** How an attempt ended. */
export type Attempt = (Publication | { readonly unrestorable: true }) & { readonly output?: Output };

/** One attempt, made by {@linkcode run}, that can be ended from outside while it waits for its command. */
export class Execution {
  #process: RunningProcess | undefined;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #timedOut = false;
  #cancelled = false;

  constructor(readonly task: RunTask, readonly surroundings: Surroundings) {}

  /** Does the task's work; never rejects for anything the user or the system did. */
  async run(): Promise<Attempt> {
    const { task, surroundings } = this;
    const path = join(surroundings.folder, task.output);
    const target: Target = {
      path,
      name: task.output,
      temporary: temporaryPath(path, surroundings.workerId),
      expectedSha256: task.expectedSha256,
    };
    const { work } = task;
    switch (work.kind) {
      case "content":
        return publishContent(target, work.content);
      case "concatenate": {
        const names = task.sources.length > 0 ? task.sources : task.dependencyArtifacts;
        return publishConcatenation(target, names.map((name) => join(surroundings.folder, name)), names);
      }
      case "restore":
        return publishCopy(target, join(surroundings.folder, work.from), work.sha256) ?? { unrestorable: true };
      case "command":
        return await this.#command(work.command, target);
      default:
        return unreachable(work);
    }
  }

  /** Asks the command to end, then makes it. */
  cancel(signal: "SIGTERM" | "SIGKILL"): void {
    this.#cancelled = true;
    this.#end(signal);
  }

  async #command(command: string, target: Target): Promise<Attempt> {
    try {
      Deno.mkdirSync(dirname(target.path), { recursive: true });
    } catch (error) {
      return { failure: { kind: "io", doing: "prepare artifact", path: target.name, detail: systemDetail(error) } };
    }
    const given = this.#givenVariables(target);
    const direct = simpleCommand(command, given);
    // A program whose stdout is $OUT is taken not to rewrite the artifact in place.
    const inPlace = direct?.stdout === target.temporary ? undefined : { before: identity(target.path) };
    const ended = await this.#runCommand({ command, direct, given });
    if ("failure" in ended) {
      discard(target, inPlace); // it may have been started and ended again
      return ended;
    }
    const output = ended.output.stdout.bytes.length + ended.output.stderr.bytes.length > 0 ? ended.output : undefined;
    const failure = this.#failureOf(ended);
    if (failure !== undefined) {
      discard(target, inPlace);
      return { failure, output };
    }
    if (identity(target.temporary) !== undefined) return { ...publishTemporary(target), output };
    if (isRewritten(target, inPlace)) return { ...adoptInPlace(target), output };
    return { failure: { kind: "no-artifact", path: target.name }, output };
  }

  #givenVariables({ temporary }: Target): Record<string, string> {
    const given: Record<string, string> = { OUT: temporary, TASK: this.task.name };
    setList(given, "IN", this.task.sources);
    setList(given, "DEPS", this.task.dependencyArtifacts);
    return given;
  }

  async #runCommand(
    { command, direct, given }: { command: string; direct?: SimpleCommand; given: Record<string, string> },
  ): Promise<Ended | { readonly failure: TaskFailure }> {
    const { task, surroundings } = this;
    try {
      this.#process = startProcess({
        argv: ["/bin/sh", "-c", command],
        direct,
        cwd: surroundings.folder,
        env: { ...task.env, ...given },
        commonEnv: surroundings.env,
      });
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      return { failure: { kind: "spawn", detail: error.message } };
    }
    surroundings.ledger.set(this.#process.groupId);
    if (task.timeoutMs !== undefined) {
      this.#timers.push(setTimeout(() => {
        this.#timedOut = true;
        this.#end("SIGTERM");
      }, task.timeoutMs));
    }
    const ended = await this.#process.ended;
    surroundings.ledger.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    return ended;
  }

  #end(signal: "SIGTERM" | "SIGKILL"): void {
    const process = this.#process;
    if (process === undefined) return;
    process.signal(signal);
    if (signal === "SIGTERM") this.#timers.push(setTimeout(() => process.signal("SIGKILL"), GRACE_MS));
  }

  #failureOf(ended: Ended): TaskFailure | undefined {
    if (this.#timedOut) return { kind: "timeout", timeoutMs: this.task.timeoutMs ?? 0 };
    if (this.#cancelled) return { kind: "cancelled" };
    if (ended.signal !== null) return { kind: "signal", signal: ended.signal };
    if (ended.code !== 0) return { kind: "exit", code: ended.code ?? -1 };
  }
}

/** What tells whether a file was rewritten; undefined when there is none. */
function identity(path: string): string | undefined {
  try {
    const info = Deno.lstatSync(path);
    return `${info.ino} ${info.size} ${info.mtime?.getTime()}`;
  } catch {
    return undefined;
  }
}

/** What lay at the artifact's path before the command; undefined when nobody looked. */
type InPlace = { readonly before: string | undefined } | undefined;

function isRewritten(target: Target, inPlace: InPlace): boolean {
  if (inPlace === undefined) return false;
  const after = identity(target.path);
  return after !== undefined && after !== inPlace.before;
}

/** After a failed command: its temporary file goes, and so does what it wrote over the artifact. */
function discard(target: Target, inPlace: InPlace): void {
  try {
    removeIfPresent(target.temporary);
    if (isRewritten(target, inPlace)) Deno.removeSync(target.path);
  } catch {
    // The task has failed already, with the reason that matters; a stray temporary file is swept by the next run.
  }
}

function setList(env: Record<string, string>, name: string, paths: readonly string[]): void {
  const list = paths.join(" ");
  if (list.length <= LIST_LIMIT) env[name] = list;
}
