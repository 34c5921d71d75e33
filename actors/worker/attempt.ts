/**
 * Owns one attempt at one task: the command's environment, the rules for what counts as its artifact, and that no
 * temporary file outlives the attempt.
 * It keeps nothing from one task to the next and knows neither the graph nor the cache.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { asksForName } from "../../graph/command_text.ts";
import { simpleCommand } from "../../graph/simple_command.ts";
import { seenFrom } from "../../graph/paths.ts";
import { type Action, type ModuleAction, unreachable } from "../../graph/task.ts";
import {
  adoptInPlace,
  type ArtifactTarget,
  depfileBeside,
  type Publication,
  publishConcatenation,
  publishContent,
  publishCopy,
  publishTemporary,
  removeIfPresent,
  temporaryPath,
  type WriteOutcome,
} from "../storage/artifact.ts";
import { BUILD_VARIABLE, type BuildChain } from "../process/build_chain.ts";
import { type CommandContext, CommandRun, type TimeLimits } from "../process/command_run.ts";
import { carryOut, type Deed, type DeedAnswer } from "../storage/deed.ts";
import type { SpawnOptions } from "../process/spawn.ts";
import type { TaskFailure } from "../../graph/failure.ts";
import type { DependencyFile } from "./dependency_file.ts";
import type { FoundFiles } from "./found_files.ts";
import type { RunShell, RunTask, Spoilt } from "./messages.ts";
import { workingFolder } from "../machine/working_folder.ts";
import { systemDetail } from "../machine/system_error.ts";
import type { Output, Usage } from "../process/output.ts";
import type { EndSignal } from "../process/signals.ts";

/** A list handed to a command is left out when it is longer: Linux takes 128 KiB for one string of the environment. */
const LIST_LIMIT = 120 * 1024;

const NOTHING: Readonly<Record<string, string>> = {};

/** How an attempt ended. */
export type Attempt =
  & { readonly output?: Output; readonly usage?: Usage }
  & (WriteOutcome | { readonly unrestorable: true } | { readonly done: true });

/** What decides where an artifact goes, beside its task. */
export interface TargetContext extends Pick<CommandContext, "folder" | "workerId"> {
  /** Has the main thread do the last step for a task's artifact, if it may be done. */
  readonly askPermit: (task: number, deed: Deed) => Promise<DeedAnswer>;
  /** Tells the main thread what a command has read, and answers why its task has failed by that. */
  readonly tellFound: (task: number, found: FoundFiles) => Promise<TaskFailure | undefined>;
  /** Whether the task at hand was cancelled. */
  readonly isCancelled: () => boolean;
}

/** One attempt, made by {@linkcode run}, that can be ended from outside while it waits for its command. */
export interface RunningAttempt {
  /** Does the task's work; never rejects for anything the user or the system did. */
  run(): Promise<Attempt>;
  /** Asks the command to end, or makes it. */
  cancel(signal: EndSignal): void;
  /** Stands still; settles when nothing moves, or does not cease to. */
  pause(): Promise<void>;
  resume(): void;
}

/** An attempt whose work is a command, if it is not troupe's own: what ends or stops it from outside is the command's. */
abstract class CommandAttempt<Task extends TimeLimits, Context extends CommandContext> implements RunningAttempt {
  protected readonly command: CommandRun;

  /** The listener hears what the command prints as it comes, if the task asks for that. */
  constructor(
    readonly task: Task,
    readonly context: Context,
    readonly listener: Pick<SpawnOptions, "onOutput" | "mayRead">,
  ) {
    this.command = new CommandRun(context, task);
  }

  abstract run(): Promise<Attempt>;

  cancel(signal: EndSignal): void {
    this.command.cancel(signal);
  }

  async pause(): Promise<void> {
    await this.command.pause();
  }

  resume(): void {
    this.command.resume();
  }
}

/** An attempt at a task that makes no artifact. */
export class ShellExecution extends CommandAttempt<RunShell, CommandContext & { readonly chain: BuildChain }> {
  override async run(): Promise<Attempt> {
    const { command, name, env, stream } = this.task;
    const given = asksForName(command) ? { TASK: name } : NOTHING;
    const { failure, ...told } = await this.command.run(command, {
      direct: simpleCommand(command, given),
      env: { ...env, ...given, [BUILD_VARIABLE]: this.context.chain.through(name) },
      ...(stream ? this.listener : {}),
    });
    return failure === undefined ? { done: true, ...told } : { failure, ...told };
  }
}

/** An action of one kind. */
type Work<Kind> = Action & { readonly kind: Kind };

/** A task whose artifact is made by a command or by troupe itself. */
export type ArtifactTask = RunTask & { readonly work: Exclude<RunTask["work"], ModuleAction> };

/** An attempt at a task that makes an artifact. */
export class ArtifactExecution
  extends CommandAttempt<ArtifactTask, CommandContext & TargetContext & { readonly chain: BuildChain }> {
  override async run(): Promise<Attempt> {
    const { task, context } = this;
    const target = targetOf(task, context);
    const { work } = task;
    switch (work.kind) {
      case "content":
        return await this.#placed(publishContent(target, work.content));
      case "concatenate": {
        const names = task.sources.length > 0 ? task.sources : task.dependencyArtifacts;
        const paths = names.map((name) => join(context.folder, name));
        return await this.#placed(publishConcatenation(target, paths, names));
      }
      case "restore": {
        const copy = publishCopy(target, join(context.folder, work.from), work.sha256);
        return copy === undefined ? { unrestorable: true } : await this.#placed(copy);
      }
      case "command":
        return this.task.depfile === undefined
          ? await this.#runCommand(work, target)
          : await this.#runWithDepfile(work, target, this.task.depfile);
      default:
        return unreachable(work);
    }
  }

  /** What reads dependency files is loaded by the first task that has one. */
  async #runWithDepfile(work: Work<"command">, target: ArtifactTarget, depfile: string): Promise<Attempt> {
    const { folder, workerId } = this.context;
    const { DependencyFile } = await import("./dependency_file.ts");
    const temporary = depfileBeside(target.path, workerId, this.task.claim);
    using file = new DependencyFile({ depfile, temporary, folder });
    const failure = file.begin();
    return failure === undefined ? await this.#runCommand(work, target, file) : { failure };
  }

  async #runCommand(
    { command, cwd }: Work<"command">,
    target: ArtifactTarget,
    depfile?: DependencyFile,
  ): Promise<Attempt> {
    const there = cwd === undefined ? undefined : workingFolder(this.context.folder, cwd);
    if (there !== undefined && "detail" in there) return { failure: { kind: "spawn", detail: there.detail } };
    try {
      Deno.mkdirSync(dirname(target.path), { recursive: true });
      // What a killed build left would pass for this one's; and a link there would be written through.
      if (look(target.temporary) !== undefined) removeIfPresent(target.temporary);
    } catch (error) {
      return { failure: { kind: "io", doing: "prepare artifact", path: target.name, detail: systemDetail(error) } };
    }
    if (this.task.spoilt !== undefined) makeWay(target, this.task.spoilt);
    const given = { ...this.#givenVariables(target, command, there?.within), ...depfile?.variables };
    const direct = simpleCommand(command, given);
    // A program whose stdout is $OUT is taken not to rewrite the artifact in place: it is not looked at before.
    const before = direct?.stdout === target.temporary ? undefined : { look: look(target.path) };
    const chain = this.context.chain.through(this.task.name);
    // A shell would set it, and a program may believe it.
    const pwd = there === undefined || this.context.env.PWD === undefined ? NOTHING : { PWD: there.path };
    const env = { ...pwd, ...this.task.env, ...given, [BUILD_VARIABLE]: chain };
    const listener = this.task.stream ? this.listener : {};
    const { failure, ...told } = await this.command.run(command, { direct, env, cwd: there?.path, ...listener });
    const reason = failure ?? await (depfile && this.#tellFound(depfile, there?.path));
    if (reason !== undefined) {
      await this.#discard(target, before);
      return { failure: reason, ...told };
    }
    const isTemporary = look(target.temporary) !== undefined;
    const publication = isTemporary ? publishTemporary(target) : this.#publishInPlace(target, before);
    return { ...await this.#placed(publication), ...told };
  }

  async #tellFound(depfile: DependencyFile, cwd = this.context.folder): Promise<TaskFailure | undefined> {
    const found = depfile.read(cwd);
    return "kind" in found ? found : await this.context.tellFound(this.task.task, found);
  }

  /** A command may also leave the artifact in its place as it was, unless that is known to be a wrong one. */
  #publishInPlace(target: ArtifactTarget, before: Before): Publication {
    const { path, name } = target;
    const isThere = look(path) !== undefined;
    const isSpoilt = isThere && this.task.spoilt?.isEdited === true && !differs("changed", { before, path });
    if (!isThere || isSpoilt) return { failure: { kind: "no-artifact", path: name, isSpoilt } };
    return adoptInPlace(target, { isRewritten: differs("written", { before, path }) });
  }

  /** The artifact in its place, with a permit where one is needed. */
  #placed(publication: Publication): WriteOutcome | Promise<WriteOutcome> {
    return placed(publication, this.task, this.context);
  }

  /**
   * After a failed command: its temporary file goes, and so does what it wrote over the artifact. Without a permit that is
   * another's by now, who was given the task and has done it.
   */
  async #discard({ temporary, path, asksPermit }: ArtifactTarget, before: Before): Promise<void> {
    try {
      removeIfPresent(temporary);
    } catch {
      // The task has failed already, with the reason that matters; a stray temporary file is swept by the next run.
    }
    if (!differs("written", { before, path })) return;
    const deed = { kind: "remove", path } as const;
    if (asksPermit) await this.context.askPermit(this.task.task, deed);
    else carryOut(deed);
  }

  /** The name is in a fingerprint only where the command's text asks for it, so a script is not told it otherwise. */
  #givenVariables({ temporary }: ArtifactTarget, command: string, within = ""): Record<string, string> {
    const given: Record<string, string> = { OUT: temporary };
    if (asksForName(command)) given.TASK = this.task.name;
    const seen = (paths: readonly string[]) => within === "" ? paths : paths.map((path) => seenFrom(within, path));
    setList(given, "IN", seen(this.task.sources));
    setList(given, "DEPS", seen(this.task.dependencyArtifacts));
    return given;
  }
}

/** Where a task's artifact goes. */
export function targetOf(task: RunTask, { folder, workerId, isCancelled }: TargetContext): ArtifactTarget {
  const path = join(folder, task.output);
  return {
    folder,
    path,
    name: task.output,
    temporary: temporaryPath(path, workerId, task.claim),
    expectedSha256: task.expectedSha256,
    isUnwanted: isCancelled,
    asksPermit: task.asksPermit,
  };
}

/** A publication with its last step done, where that is another thread's to do. */
export function placed(
  publication: Publication,
  { task }: RunTask,
  { askPermit }: Pick<TargetContext, "askPermit">,
): WriteOutcome | Promise<WriteOutcome> {
  if (!("ready" in publication)) return publication;
  const { deed, settle } = publication.ready;
  return askPermit(task, deed).then(settle);
}

/**
 * Before a command that may write in place: takes away what it would write through, as a link that was put there or another
 * name of a file, and gives a file the mode that it was made with.
 */
function makeWay({ path, temporary }: ArtifactTarget, { mode, isEdited }: Spoilt): void {
  try {
    const { isFile, isDirectory, nlink } = Deno.lstatSync(path);
    const isShared = isFile && (nlink ?? 1) > 1;
    if (isDirectory) return;
    if (!isFile || (isShared && isEdited)) return Deno.removeSync(path);
    if (isShared) {
      Deno.copyFileSync(path, temporary);
      Deno.renameSync(temporary, path);
    }
    Deno.chmodSync(path, mode);
  } catch {
    // There is nothing, or it cannot be removed: then its task tells what it cannot do.
  }
}

/** What tells whether a file, or what a link leads to, was written to. */
interface Look {
  /** Content and all that goes with it may be others. */
  readonly written: string;
  /** Anything at all may be otherwise, such as the mode or how many names the file has. */
  readonly changed: string;
}

function look(path: string): Look | undefined {
  try {
    const info = Deno.lstatSync(path);
    const behind = info.isSymlink ? lookBehind(path) : undefined;
    const written = [info, ...(behind ?? [])].map(({ ino, size, mtime }) => `${ino} ${size} ${mtime?.getTime()}`);
    const changed = [info, ...(behind ?? [])].map(({ ctime }) => `${ctime?.getTime()}`);
    return { written: written.join(" "), changed: [...written, ...changed].join(" ") };
  } catch {
    return undefined;
  }
}

function lookBehind(link: string): [Deno.FileInfo] | undefined {
  try {
    return [Deno.statSync(link)];
  } catch {
    return undefined;
  }
}

/** What lay at the artifact's path before the command; undefined when nobody looked. */
type Before = { readonly look: Look | undefined } | undefined;

function differs(what: keyof Look, { before, path }: { readonly before: Before; readonly path: string }): boolean {
  if (before === undefined) return false;
  const after = look(path);
  return after !== undefined && after[what] !== before.look?.[what];
}

function setList(env: Record<string, string>, name: string, paths: readonly string[]): void {
  const list = paths.join(" ");
  if (list.length <= LIST_LIMIT) env[name] = list;
}
