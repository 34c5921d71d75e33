/**
 * Owns one attempt at one task: the command's environment, the rules for what counts as its artifact, and that no
 * temporary file outlives the attempt.
 * It keeps nothing from one task to the next and knows neither the graph nor the cache.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { simpleCommand } from "../graph/simple_command.ts";
import { type ModuleAction, unreachable } from "../graph/task.ts";
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
import { CommandRun, type Surroundings } from "./command_run.ts";
import type { Invocation } from "./invocation.ts";
import type { Output, RunShell, RunTask } from "./messages.ts";
import type { EndSignal } from "./stop_listener.ts";
import { systemDetail } from "./system_error.ts";

/** A list handed to a command is left out when it is longer: Linux takes 128 KiB for one string of the environment. */
const LIST_LIMIT = 120 * 1024;

/** How an attempt ended. */
export type Attempt =
  & { readonly output?: Output }
  & (Publication | { readonly unrestorable: true } | { readonly done: true });

/** What decides where an artifact goes, beside its task. */
export interface TargetSurroundings extends Pick<Surroundings, "folder" | "workerId"> {
  /** Asks the main thread whether a task's artifact may be put in place, and waits for the answer. */
  readonly askPermit: (task: number) => boolean;
}

/** One attempt, made by {@linkcode run}, that can be ended from outside while it waits for its command. */
export interface Execution {
  /** Does the task's work; never rejects for anything the user or the system did. */
  run(): Promise<Attempt>;
  /** Asks the command to end, or makes it. */
  cancel(signal: EndSignal): void;
}

/** An attempt at a task that makes no artifact. */
export class ShellExecution implements Execution {
  readonly #command: CommandRun;

  /** The listener hears what the command prints as it comes, if the task asks for that. */
  constructor(
    readonly task: RunShell,
    surroundings: Surroundings,
    readonly listener: Pick<Invocation, "onOutput" | "mayRead">,
  ) {
    this.#command = new CommandRun(surroundings, task.timeoutMs);
  }

  async run(): Promise<Attempt> {
    const { command, name, env, stream } = this.task;
    const given = { TASK: name };
    const { failure, output } = await this.#command.run(command, {
      direct: simpleCommand(command, given),
      env: { ...env, ...given },
      ...(stream ? this.listener : {}),
    });
    return failure === undefined ? { done: true, output } : { failure, output };
  }

  cancel(signal: EndSignal): void {
    this.#command.cancel(signal);
  }
}

/** A task whose artifact is made by a command or by troupe itself. */
export type ArtifactTask = RunTask & { readonly work: Exclude<RunTask["work"], ModuleAction> };

/** An attempt at a task that makes an artifact. */
export class ArtifactExecution implements Execution {
  readonly #command: CommandRun;

  constructor(readonly task: ArtifactTask, readonly surroundings: Surroundings & TargetSurroundings) {
    this.#command = new CommandRun(surroundings, task.timeoutMs);
  }

  async run(): Promise<Attempt> {
    const { task, surroundings } = this;
    const target = targetOf(task, surroundings);
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
        return await this.#runCommand(work.command, target);
      default:
        return unreachable(work);
    }
  }

  cancel(signal: EndSignal): void {
    this.#command.cancel(signal);
  }

  async #runCommand(command: string, target: Target): Promise<Attempt> {
    try {
      Deno.mkdirSync(dirname(target.path), { recursive: true });
    } catch (error) {
      return { failure: { kind: "io", doing: "prepare artifact", path: target.name, detail: systemDetail(error) } };
    }
    const given = this.#givenVariables(target);
    const direct = simpleCommand(command, given);
    // A program whose stdout is $OUT is taken not to rewrite the artifact in place.
    const inPlace = direct?.stdout === target.temporary ? undefined : { before: identity(target.path) };
    const { failure, output } = await this.#command.run(command, { direct, env: { ...this.task.env, ...given } });
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
}

/** Where a task's artifact goes. */
export function targetOf(task: RunTask, { folder, workerId, askPermit }: TargetSurroundings): Target {
  const path = join(folder, task.output);
  return {
    path,
    name: task.output,
    temporary: temporaryPath(path, workerId),
    expectedSha256: task.expectedSha256,
    ...(task.asksPermit ? { mayPublish: () => askPermit(task.task) } : {}),
  };
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

/**
 * After a failed command: its temporary file goes, and so does what it wrote over the artifact. Without a permit that is
 * another's by now, who was given the task and has done it.
 */
function discard(target: Target, inPlace: InPlace): void {
  try {
    removeIfPresent(target.temporary);
    if (isRewritten(target, inPlace) && target.mayPublish?.() !== false) Deno.removeSync(target.path);
  } catch {
    // The task has failed already, with the reason that matters; a stray temporary file is swept by the next run.
  }
}

function setList(env: Record<string, string>, name: string, paths: readonly string[]): void {
  const list = paths.join(" ");
  if (list.length <= LIST_LIMIT) env[name] = list;
}
